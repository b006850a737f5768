-- A finding means that a calendar is in two time zones, or closes before it opens: its open hours could not be
-- counted (glossary B8).
with

business_hours as (

    select * from {{ source('definitions', 'business_hours') }}

)

select 'business_hours.csv: ' || calendar || ' has more than one time zone' as finding

from business_hours

group by calendar

having count(distinct coalesce(time_zone, '')) > 1

union all

select
    'business_hours.csv: ' || calendar || ' on weekday ' || cast(weekday as varchar)
    || ' does not open before it closes, or writes no 09:00'

from business_hours

where
    opens >= closes
    or weekday not between 1 and 7
    or length(opens) != 5
    or length(closes) != 5
    or substring(opens, 3, 1) != ':'
    or substring(closes, 3, 1) != ':'
