-- All of the JSON input, with its inferred and nested types.
select * from raw where id % 100 < 3
