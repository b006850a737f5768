{{ config(materialized='table') }}

-- One row per deal of HubSpot, whichever door it came through: the newest version wins, a merged deal is gone.
-- Whether it is won or lost say, in this order, the deal itself, the connector's list of stages, and the
-- definitions; a stage that none of them knows is open, and listed as a gap.
with

native as (

    select * from {{ ref('stg_hubspot__deals') }}

),

connector as (

    select * from {{ ref('stg_fivetran_hubspot__deals') }}

),

native_companies as (

    select * from {{ ref('stg_hubspot__deal_companies') }}

),

connector_companies as (

    select * from {{ ref('stg_fivetran_hubspot__deal_companies') }}

),

native_merges as (

    select * from {{ ref('stg_hubspot__deal_merges') }}

),

connector_merges as (

    select * from {{ ref('stg_fivetran_hubspot__deal_merges') }}

),

companies as (

    select * from {{ ref('int_hubspot_companies') }}

),

owners as (

    select * from {{ ref('int_hubspot_owners') }}

),

stages as (

    select * from {{ ref('int_hubspot_stages') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

versions as (

    select
        deal_id,
        primary_company_id,
        original_deal_id,
        salesforce_opportunity_id,
        deal_stage,
        pipeline,
        deal_type,
        original_source,
        loss_reason,
        deal_owner,
        forecast_category,
        currency_code,
        amount,
        list_amount,
        contract_months,
        is_closed,
        is_closed_won,
        is_closed_lost,
        is_partner_registered,
        deleted_at is not null as is_deleted,
        true as is_current,
        close_date,
        created_at,
        cast(null as timestamp) as version_started_at,
        exported_at,
        -- A full export that lacks a record is news of it, too.
        coalesce(deleted_at, exported_at) as known_at

    from native

    union all

    select
        connector.deal_id,
        connector.primary_company_id,
        connector.original_deal_id,
        connector.salesforce_opportunity_id,
        connector.deal_stage,
        connector.pipeline,
        connector.deal_type,
        connector.original_source,
        connector.loss_reason,
        connector.deal_owner,
        connector.forecast_category,
        connector.currency_code,
        connector.amount,
        connector.list_amount,
        connector.contract_months,
        connector.is_closed,
        connector.is_closed_won,
        connector.is_closed_lost,
        connector.is_partner_registered,
        coalesce(connector.is_deleted, false) or connector.deleted_at is not null,
        coalesce(connector.is_current, true),
        {{ local_date('connector.closed_at', 'settings.reporting_timezone') }},
        connector.created_at,
        connector.version_started_at,
        connector.exported_at,
        coalesce(connector.deleted_at, connector.exported_at)

    from connector

    cross join settings

),

newest as (

    select
        *,
        -- As the native exports write it, so that a stage is called one way.
        case
            when deal_stage like '%_ (%)' or pipeline is null then deal_stage
            else deal_stage || ' (' || pipeline || ')'
        end as stage_in_pipeline

    from versions

    qualify row_number() over (
        partition by deal_id
        order by known_at desc, is_current desc, version_started_at desc nulls last, is_deleted asc
    ) = 1

),

merge_pairs as (

    select deal_id, merged_deal_id from native_merges

    union

    select deal_id, merged_deal_id from connector_merges

),

merged as (

    select distinct merged_deal_id
    from merge_pairs
    where merged_deal_id != deal_id

),

-- Of several companies the primary one counts, else the one with the smallest number: nothing tells more.
associated as (

    select
        deal_id,
        company_id,
        case when association_type_id = '5' then 1 else 2 end as preference
    from connector_companies
    where not coalesce(is_deleted, false) and deleted_at is null

    union all

    select deal_id, company_id, 2
    from native_companies
    where deleted_at is null

),

company_of_deal as (

    select
        deal_id,
        company_id

    from associated

    qualify row_number() over (partition by deal_id order by preference asc, company_id asc) = 1

),

named as (

    select
        newest.*,
        coalesce(stages_by_id.stage_name, stages_by_name.stage_name, newest.stage_in_pipeline) as stage_name,
        coalesce(stages_by_id.status, stages_by_name.status) as listed_status,
        coalesce(stages_by_id.probability, stages_by_name.probability) as probability,
        coalesce(newest.primary_company_id, company_of_deal.company_id) as company_id,
        coalesce(newest.close_date, settings.as_of) as status_date

    from newest

    cross join settings

    left join stages as stages_by_id
        on lower(newest.deal_stage) = stages_by_id.stage_text

    left join stages as stages_by_name
        on lower(newest.stage_in_pipeline) = stages_by_name.stage_text

    left join company_of_deal
        on newest.deal_id = company_of_deal.deal_id

),

resolved as (

    select
        named.*,
        case
            when named.is_closed_won then 'won'
            when named.is_closed_lost then 'lost'
            when named.is_closed and not named.is_closed_won then 'lost'
            when not named.is_closed or (not named.is_closed_won and not named.is_closed_lost) then 'open'
            else coalesce(named.listed_status, {{ stage_status() }})
        end as known_status

    from named

    {{ stage_status_joins("'hubspot'", 'named.stage_in_pipeline', 'named.status_date') }}

),

deals as (

    select
        resolved.deal_id,
        coalesce(companies.account_id, 'hubspot:' || resolved.company_id) as account_id,
        resolved.original_deal_id,
        owners.sales_rep_id,
        resolved.salesforce_opportunity_id,
        resolved.stage_name,
        resolved.deal_type,
        resolved.original_source,
        case when coalesce(resolved.known_status, 'open') = 'lost' then resolved.loss_reason end as loss_reason,
        resolved.forecast_category,
        resolved.currency_code,
        coalesce(resolved.known_status, 'open') as status,
        resolved.amount,
        resolved.list_amount,
        resolved.contract_months,
        resolved.probability,
        resolved.known_status is not null or resolved.stage_name is null as is_stage_known,
        resolved.is_partner_registered,
        resolved.is_deleted or not resolved.is_current or merged.merged_deal_id is not null as is_deleted,
        resolved.close_date,
        resolved.created_at,
        resolved.exported_at

    from resolved

    left join companies
        on resolved.company_id = companies.company_id

    left join owners
        on resolved.deal_owner = owners.deal_owner

    left join merged
        on resolved.deal_id = merged.merged_deal_id

)

select * from deals
