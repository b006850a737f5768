{{ config(materialized='table') }}

-- One row per deal and range of time in which it stood so: from its history, and where that says nothing from
-- its creation, its close and today's values. Refunds are no deals, deleted deals have no states.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}
    where not is_deleted and kind != 'refund'

),

history as (

    select * from {{ ref('int_opportunity_history') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

in_order as (

    select
        history.*,
        opportunities.created_at,
        lag(history.changed_at) over (
            partition by history.opportunity_id
            order by history.changed_at, history.state_id
        ) as previous_changed_at

    from history

    inner join opportunities
        on history.opportunity_id = opportunities.opportunity_id

),

-- An export that shows a deal closed is later than the close.
told as (

    select
        in_order.opportunity_id,
        2 as place,
        in_order.state_id,
        in_order.sales_rep_id,
        in_order.stage_name,
        in_order.status,
        in_order.currency_code,
        in_order.forecast_category,
        in_order.amount_original,
        in_order.probability,
        in_order.is_inferred,
        in_order.close_date,
        case
            when in_order.is_inferred and in_order.status != 'open' and in_order.close_date is not null
                then least(
                    in_order.changed_at,
                    greatest(
                        {{ day_end('in_order.close_date', 'settings.reporting_timezone') }},
                        coalesce(in_order.previous_changed_at, in_order.created_at, in_order.changed_at)
                    )
                )
            else in_order.changed_at
        end as changed_at

    from in_order

    cross join settings

),

ends as (

    select
        *,
        row_number() over (partition by opportunity_id order by changed_at asc, state_id asc) = 1 as is_first,
        row_number() over (partition by opportunity_id order by changed_at desc, state_id desc) = 1 as is_last

    from told

),

firsts as (

    select * from ends
    where is_first

),

lasts as (

    select * from ends
    where is_last

),

-- A deal was open from its creation, if its history does not begin by then.
creations as (

    select
        opportunities.opportunity_id,
        firsts.sales_rep_id,
        'open' as status,
        case when firsts.opportunity_id is null then opportunities.amount_original else firsts.amount_original end
            as amount_original,
        coalesce(firsts.close_date, opportunities.close_date) as close_date,
        -- Of a closed deal today's stage says nothing about the time before.
        case
            when firsts.status = 'open' then firsts.stage_name
            when firsts.opportunity_id is null and opportunities.status = 'open' then opportunities.stage_name
        end as stage_name,
        case
            when firsts.status = 'open' then firsts.forecast_category
            when firsts.opportunity_id is null and opportunities.status = 'open' then opportunities.forecast_category
        end as forecast_category,
        case
            when firsts.status = 'open' then firsts.probability
            when firsts.opportunity_id is null and opportunities.status = 'open' then opportunities.probability
        end as probability,
        coalesce(firsts.currency_code, opportunities.currency_code) as currency_code,
        coalesce(
            opportunities.created_at, {{ day_start('settings.as_of', 'settings.reporting_timezone') }}
        ) as changed_at

    from opportunities

    cross join settings

    left join firsts
        on opportunities.opportunity_id = firsts.opportunity_id

    where
        firsts.changed_at > opportunities.created_at
        or (
            firsts.opportunity_id is null
            and (opportunities.created_at is not null or opportunities.status = 'open')
        )

),

-- What the deal is today counts, where its history ends otherwise: closed from its close date on, open from
-- today on.
corrections as (

    select
        opportunities.opportunity_id,
        opportunities.sales_rep_id,
        opportunities.stage_name,
        opportunities.status,
        opportunities.currency_code,
        opportunities.forecast_category,
        opportunities.amount_original,
        opportunities.probability,
        opportunities.close_date,
        greatest(
            case
                when opportunities.status = 'open'
                    then {{ day_start('settings.as_of', 'settings.reporting_timezone') }}
                else opportunities.closed_at
            end,
            coalesce(lasts.changed_at, opportunities.created_at, opportunities.closed_at)
        ) as changed_at

    from opportunities

    cross join settings

    left join lasts
        on opportunities.opportunity_id = lasts.opportunity_id

    where
        (
            opportunities.status != 'open'
            and opportunities.closed_at is not null
            and coalesce(lasts.status, 'open') = 'open'
        )
        or (opportunities.status = 'open' and lasts.status != 'open')

),

states as (

    select * from told

    union all

    select
        opportunity_id,
        1,
        'created',
        sales_rep_id,
        stage_name,
        status,
        currency_code,
        forecast_category,
        amount_original,
        probability,
        true,
        close_date,
        changed_at
    from creations

    union all

    select
        opportunity_id,
        3,
        'today',
        sales_rep_id,
        stage_name,
        status,
        currency_code,
        forecast_category,
        amount_original,
        probability,
        true,
        close_date,
        changed_at
    from corrections

),

dated as (

    select
        states.*,
        {{ local_date('states.changed_at', 'settings.reporting_timezone') }} as from_date

    from states

    cross join settings

),

ranges as (

    select
        dated.opportunity_id,
        row_number() over (
            partition by dated.opportunity_id order by dated.changed_at, dated.place, dated.state_id
        ) as state_number,
        coalesce(dated.sales_rep_id, opportunities.sales_rep_id) as sales_rep_id,
        dated.stage_name,
        dated.status,
        opportunities.kind,
        coalesce(dated.currency_code, opportunities.currency_code) as currency_code,
        dated.forecast_category,
        opportunities.source_system,
        dated.amount_original,
        dated.probability,
        opportunities.is_funnel,
        dated.is_inferred,
        dated.close_date as expected_close_date,
        dated.from_date,
        coalesce(
            lead(dated.from_date) over (
                partition by dated.opportunity_id order by dated.changed_at, dated.place, dated.state_id
            ),
            date '9999-12-31'
        ) as to_date,
        dated.changed_at as from_at,
        lead(dated.changed_at) over (
            partition by dated.opportunity_id order by dated.changed_at, dated.place, dated.state_id
        ) as to_at

    from dated

    inner join opportunities
        on dated.opportunity_id = opportunities.opportunity_id

)

select * from ranges
