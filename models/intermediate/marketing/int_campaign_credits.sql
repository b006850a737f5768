{{ config(materialized='table') }}

-- One row per deal and conversion (its creation, its win): the campaign of its sourcing touch, where the
-- conversion came within the window of that touch; else nobody's, in the month of the conversion (glossary C4).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

sources as (

    select * from {{ ref('int_opportunity_sources') }}

),

gross_margins as (

    select * from {{ ref('int_gross_margins') }}

),

windows as (

    select * from {{ ref('int_campaign_windows') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

conversions as (

    select
        opportunity_id,
        'opportunity' as conversion,
        acv,
        created_at,
        created_at as converted_at,
        created_date as converted_date

    from opportunities

    where is_funnel and not is_deleted and created_date is not null

    union all

    select opportunity_id, 'won', acv, created_at, closed_at, close_date
    from opportunities
    where is_funnel and not is_deleted and status = 'won' and close_date is not null

),

touched as (

    select
        conversions.*,
        sources.campaign_id,
        sources.touched_at,
        {{ local_date('sources.touched_at', 'settings.reporting_timezone') }} as touched_date

    from conversions

    cross join settings

    inner join sources
        on conversions.opportunity_id = sources.opportunity_id

),

judged as (

    select
        touched.*,
        coalesce(
            touched.touched_at <= touched.converted_at
            and touched.touched_at >= {{ add_seconds('touched.created_at', '-86400 * windows.lookback_days') }}
            and {{ days_between('touched.touched_date', 'touched.converted_date') }} <= windows.window_days,
            false
        ) as is_credited

    from touched

    left join windows
        on {{ month_of('touched.touched_date') }} = windows.month

),

final as (

    select
        judged.opportunity_id,
        judged.conversion,
        case when judged.is_credited then coalesce(judged.campaign_id, 'unattributed') else 'unattributed' end
            as campaign_id,
        judged.is_credited,
        judged.acv,
        cast(judged.acv * cast(gross_margins.gross_margin as decimal(18, 10)) as decimal(24, 6)) as margin,
        case
            when judged.is_credited then {{ month_of('judged.touched_date') }}
            else {{ month_of('judged.converted_date') }}
        end as month,
        judged.converted_date

    from judged

    left join gross_margins
        on {{ month_of('judged.converted_date') }} = gross_margins.month

)

select * from final
