-- JSON lines, filtered and projected: the transformation of the README.
select id, upper(name) as name_upper, amount * 1.1 as amount_taxed, country, date, meta.device as device
from raw
where amount > 100
