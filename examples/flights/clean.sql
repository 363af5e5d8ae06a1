-- Two deliveries become one table. Nothing is thrown away here but what came
-- twice: a value that cannot be read becomes null, and `check` decides.

create table delivered as
  select 'east' as source,
         try_strptime("Day" || ' ' || lpad("Time", 4, '0'), '%m/%d/%Y %H%M') as departure,
         upper(trim("From")) as origin,
         upper(trim("To")) as destination,
         try_cast("Delay" as integer) as delay,
         try_cast("Miles" as integer) as miles
  from east
  union all
  select 'west',
         try_strptime(departure, ['%Y-%m-%d %H:%M', '%Y-%m-%dT%H:%M:%S']),
         route."from",
         route."to",
         -- A number, a text of one, or one with its unit: `->>` makes all of them texts.
         try_cast(regexp_extract(delay->>'$', '^-?\d+') as integer),
         try_cast(regexp_extract(miles->>'$', '^-?\d+') as integer)
  from west;

create table flights as select distinct * from delivered;

select source, count(*) as delivered,
       (select count(*) from flights f where f.source = d.source) as flights
from delivered d group by source order by source
