-- A total order, written so that the files in the order of their names hold it.
select l_orderkey, l_extendedprice, l_shipdate, l_comment
from lineitem
order by l_extendedprice desc, l_comment, l_orderkey
