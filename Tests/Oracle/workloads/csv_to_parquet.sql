-- All columns of a CSV file with inferred types.
select * from lineitem_csv
