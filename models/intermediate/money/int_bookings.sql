{{ config(materialized='table') }}

-- One row per booking event: won, reopened (the win taken back), refund. Bookings are the signed sum of
-- these, never of the deals (glossary B4).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

status_changes as (

    select * from {{ ref('int_opportunity_status_changes') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

-- Wins that were taken back later: the deal was won, then anything else.
history as (

    select
        opportunity_id,
        status,
        amount_original,
        close_date,
        change_number,
        lead(changed_date) over (partition by opportunity_id order by change_number) as taken_back_date

    from status_changes

),

taken_back as (

    select
        history.opportunity_id,
        history.change_number,
        history.amount_original,
        coalesce(history.close_date, history.taken_back_date) as won_date,
        history.taken_back_date

    from history

    inner join opportunities
        on history.opportunity_id = opportunities.opportunity_id

    where history.status = 'won' and history.taken_back_date is not null

),

events as (

    select
        opportunity_id,
        'won' as event,
        0 as sequence_number,
        amount_original,
        close_date as event_date,
        close_date as fx_date

    from opportunities

    where status = 'won' and kind != 'refund'

    union all

    select opportunity_id, 'won', change_number, amount_original, won_date, won_date
    from taken_back

    union all

    select opportunity_id, 'reopened', change_number, -amount_original, taken_back_date, won_date
    from taken_back

    union all

    -- A refund takes the rate of its booking, so that a full one nets to 0.00 (glossary 0.6).
    select
        refunds.opportunity_id,
        'refund',
        0,
        -abs(refunds.amount_original),
        refunds.close_date,
        coalesce(originals.close_date, refunds.close_date)

    from opportunities as refunds

    left join opportunities as originals
        on refunds.original_opportunity_id = originals.opportunity_id

    where refunds.status = 'won' and refunds.kind = 'refund'

),

valued as (

    select
        events.opportunity_id,
        opportunities.original_opportunity_id,
        opportunities.account_id,
        opportunities.sales_rep_id,
        events.event,
        events.sequence_number,
        -- What is refunded says what the refund is of: its booking, else its own type.
        case
            when opportunities.kind != 'refund' then opportunities.kind
            else coalesce(
                originals.kind,
                case when opportunities.mapped_kind != 'refund' then opportunities.mapped_kind end,
                opportunities.kind
            )
        end as kind,
        opportunities.currency_code,
        events.amount_original,
        exchange_rates.rate as fx_rate,
        {{ money('events.amount_original * exchange_rates.rate') }} as amount,
        events.event_date

    from events

    inner join opportunities
        on events.opportunity_id = opportunities.opportunity_id

    left join opportunities as originals
        on opportunities.original_opportunity_id = originals.opportunity_id

    left join exchange_rates
        on
            opportunities.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'events.fx_date') }}

    where not opportunities.is_deleted

)

select * from valued
