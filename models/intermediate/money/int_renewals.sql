{{ config(materialized='table') }}

-- One row per renewal deal: the contract that falls due, when, for how much a year, and what became of it
-- (glossary C16).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- A renewal that names the deal it renews is due when that one's months are over, else when it is to close.
due as (

    select
        renewals.opportunity_id,
        renewals.account_id,
        renewals.sales_rep_id,
        renewals.status,
        renewals.acv,
        renewals.close_date,
        coalesce({{ add_months('originals.close_date', 'originals.contract_months') }}, renewals.close_date)
            as due_date,
        -- What was agreed before, at the rate of the renewal: a moving rate neither lapses nor expands.
        case
            when originals.opportunity_id is null then renewals.acv
            when originals.currency_code = renewals.currency_code and originals.contract_months >= 12
                then {{ money_divided(
                    money('originals.amount_original * renewals.fx_rate') ~ ' * 12', 'originals.contract_months'
                ) }}
            when originals.currency_code = renewals.currency_code
                then {{ money('originals.amount_original * renewals.fx_rate') }}
            else originals.acv
        end as amount_due

    from opportunities as renewals

    left join opportunities as originals
        on
            renewals.original_opportunity_id = originals.opportunity_id
            and originals.status = 'won'

    where renewals.kind = 'renewal' and not renewals.is_deleted

),

decided as (

    select
        due.*,
        case
            when due.due_date > settings.as_of or due.due_date is null then 'pending'
            when due.status = 'won' then 'renewed'
            when
                due.status = 'open'
                and settings.as_of
                <= {{ add_days('due.due_date', parameter('definitions', 'grace_days')) }}
                then 'pending'
            else 'lapsed'
        end as outcome

    from due

    cross join settings

    {{ definition_join('definitions', 'renewal_rate', 'coalesce(due.due_date, settings.as_of)') }}

)

select
    opportunity_id,
    account_id,
    sales_rep_id,
    outcome,
    amount_due,
    case outcome when 'renewed' then acv when 'lapsed' then cast(0 as decimal(18, 2)) end as amount_renewed,
    due_date

from decided
