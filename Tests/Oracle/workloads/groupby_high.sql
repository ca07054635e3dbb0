-- An aggregate with nearly as many groups as keys exist.
select l_partkey, l_suppkey, count(*) n, sum(l_extendedprice * (1 - l_discount)) revenue, max(l_shipdate) last
from lineitem
group by l_partkey, l_suppkey
