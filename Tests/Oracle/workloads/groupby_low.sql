-- An aggregate with few groups.
select l_returnflag, l_linestatus, l_shipmode, sum(l_quantity) q, avg(l_extendedprice) p, count(*) n
from lineitem
group by l_returnflag, l_linestatus, l_shipmode
