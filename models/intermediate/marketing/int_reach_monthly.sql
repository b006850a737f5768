-- One row per month and channel, and one for all: to how many persons or accounts ads were shown, counted
-- anew for each row, as reach is never added up. Two platforms do not know each other's people (glossary A2).
with

exposures as (

    select * from {{ ref('stg_generic__exposures') }}

),

mapped as (

    select
        {{ month_of('exposures.date_day') }} as month,
        {{ channel_of('exposures.channel_source') }} as channel,
        exposures.source_system,
        exposures.exposed_id,
        exposures.impressions

    from exposures

    {{ channel_joins('exposures.source_system', 'exposures.channel_source', 'exposures.date_day') }}

    where exposures.deleted_at is null

),

with_total as (

    select * from mapped

    union all

    select
        month,
        'all',
        source_system,
        exposed_id,
        impressions

    from mapped

)

select
    month,
    channel,
    cast(sum(impressions) as bigint) as impressions,
    case
        when count(distinct source_system) = 1
            then count(distinct case when impressions > 0 then exposed_id end)
    end as reach

from with_total

group by month, channel
