-- Two joins whose whole result is written.
select c_custkey, c_name, o_orderkey, o_orderdate, l_linenumber, l_extendedprice * (1 - l_discount) as price
from lineitem
join orders on l_orderkey = o_orderkey
join customer on o_custkey = c_custkey
