-- Written into folders by year and status.
select o_orderkey, o_custkey, o_totalprice, o_orderdate, o_orderpriority, o_orderstatus,
  cast(substr(cast(o_orderdate as varchar(10)), 1, 4) as int) as o_year
from orders
