-- One row per month: how often others named our brand, its rivals, and other brands. A brand is ours or a
-- rival's as the definitions had it on the day of the mention (glossary A6).
with

social as (

    select * from {{ ref('int_social') }}

),

rivals as (

    select * from {{ source('definitions', 'rivals') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- A tool that listens to one brand alone names none.
judged as (

    select
        {{ month_of('social.date_day') }} as month,
        case
            when social.brand = 'unnamed' or lower(social.brand) = lower(settings.company) then 'own'
            else coalesce(rivals.relation, 'other')
        end as relation,
        social.mentions,
        social.positive_mentions,
        social.negative_mentions

    from social

    cross join settings

    left join rivals
        on
            lower(social.brand) = lower(rivals.brand)
            and {{ in_force('rivals', 'social.date_day') }}

    where social.mentions is not null

),

months as (

    select
        month,
        coalesce(sum(case when relation = 'own' then mentions end), 0) as mentions,
        coalesce(sum(case when relation = 'own' then positive_mentions end), 0) as positive_mentions,
        coalesce(sum(case when relation = 'own' then negative_mentions end), 0) as negative_mentions,
        coalesce(sum(case when relation = 'rival' then mentions end), 0) as rival_mentions,
        coalesce(sum(case when relation = 'other' then mentions end), 0) as other_mentions

    from judged

    group by month

),

compared as (

    select
        months.month,
        count(rivals.brand) > 0 as has_rivals

    from months

    left join rivals
        on
            rivals.relation = 'rival'
            and rivals.valid_from < {{ add_months('months.month', 1) }}
            and rivals.valid_to > months.month

    group by months.month

)

select
    months.month,
    cast(months.mentions as bigint) as mentions,
    cast(months.positive_mentions as bigint) as positive_mentions,
    cast(months.negative_mentions as bigint) as negative_mentions,
    cast(case when compared.has_rivals then months.rival_mentions end as bigint) as rival_mentions,
    cast(months.other_mentions as bigint) as other_mentions

from months

inner join compared
    on months.month = compared.month
