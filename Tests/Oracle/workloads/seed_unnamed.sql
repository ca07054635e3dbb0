-- The same with a column that has no alias: Spark names it (amount * 1.1).
select id, upper(name) as name_upper, amount * 1.1
from raw
where amount > 100
