-- One row per opportunity that was not deleted.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_sources as (

    select * from {{ ref('int_opportunity_sources') }}

),

origins as (

    select * from {{ ref('int_opportunity_origins') }}

)

select
    opportunities.opportunity_id,
    opportunities.account_id,
    opportunities.person_id,
    opportunities.sales_rep_id,
    opportunity_sources.campaign_id,
    opportunities.original_opportunity_id,
    opportunities.status,
    opportunities.stage_name,
    opportunities.kind,
    opportunity_sources.channel,
    opportunities.currency_code,
    opportunities.forecast_category,
    opportunities.loss_reason,
    origins.sourced_by,
    origins.created_by_role,
    opportunities.source_system,
    opportunities.amount,
    opportunities.amount_original,
    opportunities.acv,
    opportunities.list_amount,
    opportunities.fx_rate,
    opportunities.contract_months,
    opportunities.sales_cycle_days,
    opportunities.probability,
    opportunities.n_reopens,
    opportunities.is_kind_inferred,
    opportunities.is_loss_excluded,
    opportunities.is_funnel,
    opportunities.has_date_issue,
    origins.is_influenced,
    opportunities.created_date,
    opportunities.close_date

from opportunities

inner join opportunity_sources
    on opportunities.opportunity_id = opportunity_sources.opportunity_id

inner join origins
    on opportunities.opportunity_id = origins.opportunity_id

where not opportunities.is_deleted
