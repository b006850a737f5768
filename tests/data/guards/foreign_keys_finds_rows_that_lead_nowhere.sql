-- A finding means that the generic test foreign_keys no longer sees a column that leads to no row.
with

sample as (

    select
        min(channel) as one,
        min(channel) as other

    from {{ ref('dim_channel') }}

    union all

    select *
    from (
        values
        (null, null),
        ('no channel', null),
        ('no channel', 'nor this')
    ) as t (one, other)

),

found as (

    {{ test_foreign_keys('sample', {'one': 'dim_channel.channel', 'other': 'dim_channel.channel'}) }}

)

select sum(rows_found) as rows_found
from found
having coalesce(sum(rows_found), 0) != 3
