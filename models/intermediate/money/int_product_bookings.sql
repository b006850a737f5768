{{ config(materialized='table') }}

-- One row per booking event and product: bookings shared by what the lines of the deal are worth, to the
-- cent. A refund without lines is of what its deal sold; a deal without lines of nothing that is known.
-- What a renewal brings beyond what was due is upsell (glossary C9).
with

bookings as (

    select * from {{ ref('int_bookings') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

renewals as (

    select * from {{ ref('int_renewals') }}

),

lines as (

    select * from {{ ref('int_opportunity_lines') }}

),

worth as (

    select
        opportunity_id,
        product_id,
        sum(amount) as amount

    from lines

    group by opportunity_id, product_id

    having sum(amount) > 0

),

proportions as (

    select
        opportunity_id,
        product_id,
        {{ ratio('amount', 'sum(amount) over (partition by opportunity_id)') }} as proportion

    from worth

),

shares as (

    select
        opportunity_id,
        product_id,
        {{ exact_shares('proportion', 'opportunity_id', 'product_id') }} as share

    from proportions

),

deals_with_lines as (

    select distinct opportunity_id from shares

),

-- What was due a year, for the years of the renewal.
renewal_bases as (

    select
        renewals.opportunity_id,
        least(
            opportunities.amount,
            {{ money_divided(
                'renewals.amount_due * cast(greatest(coalesce(opportunities.contract_months, 12), 12) as integer)', '12'
            ) }}
        ) as base_amount

    from renewals

    inner join opportunities
        on renewals.opportunity_id = opportunities.opportunity_id

    where opportunities.amount > 0 and renewals.amount_due > 0

),

events as (

    select
        bookings.opportunity_id,
        bookings.original_opportunity_id,
        bookings.event,
        bookings.sequence_number,
        bookings.kind,
        case
            when bookings.kind = 'renewal' and bookings.event = 'won'
                then least(bookings.amount, coalesce(renewal_bases.base_amount, bookings.amount))
            else bookings.amount
        end as amount,
        bookings.event_date

    from bookings

    left join renewal_bases
        on bookings.opportunity_id = renewal_bases.opportunity_id

    union all

    select
        bookings.opportunity_id,
        bookings.original_opportunity_id,
        bookings.event,
        bookings.sequence_number,
        'upsell',
        bookings.amount - renewal_bases.base_amount,
        bookings.event_date

    from bookings

    inner join renewal_bases
        on bookings.opportunity_id = renewal_bases.opportunity_id

    where
        bookings.kind = 'renewal' and bookings.event = 'won'
        and bookings.amount > renewal_bases.base_amount

),

sourced as (

    select
        events.*,
        coalesce(own.opportunity_id, originals.opportunity_id) as lines_of_id

    from events

    left join deals_with_lines as own
        on events.opportunity_id = own.opportunity_id

    left join deals_with_lines as originals
        on
            events.original_opportunity_id = originals.opportunity_id
            and events.event = 'refund'

),

shared as (

    select
        sourced.opportunity_id,
        sourced.event,
        sourced.sequence_number,
        sourced.kind,
        sourced.event_date,
        sourced.amount,
        coalesce(shares.product_id, 'unattributed') as product_id,
        coalesce(shares.share, cast(1 as decimal(18, 10))) as share

    from sourced

    left join shares
        on sourced.lines_of_id = shares.opportunity_id

),

final as (

    select
        opportunity_id,
        event,
        sequence_number,
        product_id,
        kind,
        {{ money_split('amount', 'share', 'opportunity_id, event, sequence_number, kind', 'product_id') }} as amount,
        event_date

    from shared

)

select * from final
