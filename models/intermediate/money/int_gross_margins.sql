{{ config(materialized='table') }}

-- One row per month: the share of revenue that is left after the cost of goods, as measured over the months
-- up to it, else as the teams agreed (glossary C3).
with

revenue as (

    select * from {{ ref('int_revenue') }}

),

margins as (

    select * from {{ source('definitions', 'margins') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

first_days as (

    select min(month) as first_day from {{ ref('int_costs') }}

    union all

    select min(date_day) from revenue

    union all

    select min(start_date) from {{ ref('int_subscriptions') }}

    union all

    select min(coalesce(created_date, close_date)) from {{ ref('int_opportunities') }}

    union all

    select as_of from settings

),

-- A campaign may be a year older than the first deal that is known.
bounds as (

    select
        {{ add_months(month_of('min(first_days.first_day)'), -12) }} as first_month,
        {{ month_of('max(settings.as_of)') }} as last_month

    from first_days

    cross join settings

),

months as (

    select date_day as month
    from {{ day_spine('(select first_month from bounds)', '(select last_month from bounds)') }} as spine
    where extract(day from date_day) = 1

),

-- Lines whose cost is unknown say nothing of the margin; what they earned stands beside.
revenue_by_month as (

    select
        {{ month_of('date_day') }} as month,
        sum(case when cogs is not null then revenue end) as revenue_with_cogs,
        sum(case when cogs is not null then revenue - cogs end) as margin,
        sum(case when cogs is null then revenue end) as revenue_without_cogs

    from revenue

    group by {{ month_of('date_day') }}

),

measured as (

    select
        months.month,
        sum(revenue_by_month.revenue_with_cogs) as revenue_with_cogs,
        sum(revenue_by_month.margin) as margin,
        sum(revenue_by_month.revenue_without_cogs) as revenue_without_cogs

    from months

    {{ definition_join('definitions', 'gross_margin', 'months.month') }}

    left join revenue_by_month
        on
            revenue_by_month.month <= months.month
            and revenue_by_month.month > {{ add_months(
                'months.month', '-cast(' ~ parameter('definitions', 'trailing_months') ~ ' as integer)'
            ) }}

    group by months.month

),

final as (

    select
        measured.month,
        coalesce(
            case
                when measured.revenue_with_cogs > 0
                    then {{ ratio('measured.margin', 'measured.revenue_with_cogs') }}
            end,
            cast(margins.gross_margin as double)
        ) as gross_margin,
        case
            when measured.revenue_with_cogs > 0 then 'measured'
            when margins.gross_margin is not null then 'agreed'
            else 'unknown'
        end as source,
        {{ money('coalesce(measured.revenue_with_cogs, 0)') }} as revenue_with_cogs,
        {{ money('coalesce(measured.margin, 0)') }} as margin,
        {{ money('coalesce(measured.revenue_without_cogs, 0)') }} as revenue_without_cogs

    from measured

    left join margins
        on {{ in_force('margins', 'measured.month') }}

)

select * from final
