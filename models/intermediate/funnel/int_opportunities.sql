{{ config(materialized='table') }}

-- One row per opportunity: its kind, its money in the reporting currency, and who carries it.
with

named_opportunities as (

    select * from {{ ref('int_opportunities_unioned') }}

),

opportunity_contacts as (

    select * from {{ ref('int_opportunity_contacts') }}

),

status_changes as (

    select * from {{ ref('int_opportunity_status_changes') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

carriers as (

    select
        opportunity_id,
        person_id

    from opportunity_contacts

    where is_primary_contact

),

-- The account that the deal names, else that of the person who carries it.
opportunities as (

    select
        named_opportunities.*,
        carriers.person_id,
        coalesce(named_opportunities.account_id, persons.account_id) as resolved_account_id

    from named_opportunities

    left join carriers
        on named_opportunities.opportunity_id = carriers.opportunity_id

    left join persons
        on carriers.person_id = persons.person_id

),

-- Days on which an account won something: a later deal of unknown kind is no new customer (B4).
wins as (

    select
        resolved_account_id,
        min(close_date) as first_win_date

    from opportunities

    where
        status = 'won' and amount_original > 0 and not is_deleted
        and coalesce(mapped_kind, 'new') != 'refund'

    group by resolved_account_id

),

reopens as (

    select
        opportunity_id,
        count(*) as n_reopens

    from status_changes

    where status = 'open' and previous_status in ('won', 'lost')

    group by opportunity_id

),

dated as (

    select
        opportunities.*,
        -- Money that goes back is a refund, whatever the deal is called (rule 7).
        case
            when opportunities.amount_original < 0 then 'refund'
            when opportunities.mapped_kind is not null then opportunities.mapped_kind
            when wins.first_win_date < opportunities.close_date then 'upsell'
            else 'new'
        end as kind,
        opportunities.mapped_kind is null as is_kind_inferred,
        -- A closed deal's rate is that of its close date, a refund's that of its booking; what is
        -- open is valued as of today (glossary 0.6).
        case
            when
                opportunities.mapped_kind = 'refund'
                or opportunities.amount_original < 0
                then coalesce(originals.close_date, opportunities.close_date)
            when opportunities.status = 'open' then settings.as_of
            else opportunities.close_date
        end as fx_date

    from opportunities

    cross join settings

    left join wins
        on opportunities.resolved_account_id = wins.resolved_account_id

    left join opportunities as originals
        on opportunities.original_opportunity_id = originals.opportunity_id

),

valued as (

    select
        dated.*,
        exchange_rates.rate as fx_rate,
        {{ money('dated.amount_original * exchange_rates.rate') }} as amount,
        {{ money('dated.list_amount_original * exchange_rates.rate') }} as list_amount

    from dated

    left join exchange_rates
        on
            dated.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'dated.fx_date') }}

),

final as (

    select
        valued.opportunity_id,
        valued.resolved_account_id as account_id,
        valued.person_id,
        valued.original_opportunity_id,
        valued.sales_rep_id,
        valued.created_by_id,
        valued.created_by_role,
        valued.source_system,
        valued.campaign_id,
        valued.channel_source,
        valued.status,
        valued.stage_name,
        valued.kind,
        valued.mapped_kind,
        valued.currency_code,
        valued.forecast_category,
        valued.loss_reason,
        valued.amount_original,
        valued.amount,
        -- Years of a long contract do not make a year's deal larger (glossary 0.14).
        case
            when valued.contract_months >= 12
                then {{ money_divided('valued.amount * 12', 'valued.contract_months') }}
            else valued.amount
        end as acv,
        valued.list_amount,
        valued.contract_months,
        valued.fx_rate,
        valued.fx_date,
        valued.probability,
        coalesce(reopens.n_reopens, 0) as n_reopens,
        valued.is_kind_inferred,
        valued.is_loss_excluded,
        valued.is_partner_registered,
        valued.kind in ('new', 'upsell', 'cross_sell') as is_funnel,
        coalesce(valued.status != 'open' and valued.close_date < valued.created_date, false) as has_date_issue,
        valued.is_deleted,
        case
            when valued.status = 'won' and valued.close_date >= valued.created_date
                then {{ days_between('valued.created_date', 'valued.close_date') }}
        end as sales_cycle_days,
        valued.created_date,
        valued.close_date,
        valued.created_at,
        case
            when valued.status != 'open'
                then {{ day_end('valued.close_date', 'settings.reporting_timezone') }}
        end as closed_at

    from valued

    cross join settings

    left join reopens
        on valued.opportunity_id = reopens.opportunity_id

)

select * from final
