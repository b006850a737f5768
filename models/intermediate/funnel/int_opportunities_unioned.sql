-- One row per opportunity of any system, under one shape, its texts mapped to the shared ones.
with

salesforce_opportunities as (

    select * from {{ ref('int_salesforce_opportunities') }}

),

hubspot_deals as (

    select * from {{ ref('int_hubspot_deals') }}

),

generic_opportunities as (

    select * from {{ ref('stg_generic__opportunities') }}

),

kinds as (

    select * from {{ source('definitions', 'opportunity_kinds') }}

),

loss_reasons as (

    select * from {{ source('definitions', 'loss_reasons') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

unioned as (

    select
        'salesforce:' || opportunity_id as opportunity_id,
        'salesforce' as source_system,
        'salesforce:' || account_id as account_id,
        'salesforce:' || original_opportunity_id as original_opportunity_id,
        'salesforce:' || owner_id as sales_rep_id,
        'salesforce:' || created_by_id as created_by_id,
        cast(null as varchar) as created_by_role,
        case
            when is_won then 'won'
            when is_closed then 'lost'
            else 'open'
        end as status,
        stage_name,
        type as source_type,
        loss_reason as source_reason,
        lead_source as channel_source,
        'salesforce:' || campaign_id as campaign_id,
        currency_code,
        forecast_category,
        amount as amount_original,
        list_amount as list_amount_original,
        contract_months,
        probability,
        coalesce(is_partner_registered, false) as is_partner_registered,
        is_deleted,
        close_date,
        created_at

    from salesforce_opportunities

    union all

    -- A deal that HubSpot keeps in step with Salesforce counts there.
    select
        'hubspot:' || hubspot_deals.deal_id,
        'hubspot',
        hubspot_deals.account_id,
        'hubspot:' || hubspot_deals.original_deal_id,
        'hubspot:' || hubspot_deals.sales_rep_id,
        -- Its exports name no creator; who owns the deal is the nearest.
        'hubspot:' || hubspot_deals.sales_rep_id,
        null,
        hubspot_deals.status,
        hubspot_deals.stage_name,
        hubspot_deals.deal_type,
        hubspot_deals.loss_reason,
        hubspot_deals.original_source,
        cast(null as varchar),
        hubspot_deals.currency_code,
        hubspot_deals.forecast_category,
        hubspot_deals.amount,
        hubspot_deals.list_amount,
        hubspot_deals.contract_months,
        hubspot_deals.probability,
        coalesce(hubspot_deals.is_partner_registered, false),
        hubspot_deals.is_deleted,
        hubspot_deals.close_date,
        hubspot_deals.created_at

    from hubspot_deals

    left join salesforce_opportunities
        on left(hubspot_deals.salesforce_opportunity_id, 15) = left(salesforce_opportunities.opportunity_id, 15)

    where salesforce_opportunities.opportunity_id is null

    union all

    select
        source_system || ':' || opportunity_id,
        source_system,
        source_system || ':' || account_id,
        source_system || ':' || original_opportunity_id,
        source_system || ':' || sales_rep_id,
        source_system || ':' || created_by,
        created_by_role,
        lower(status),
        stage_name,
        kind,
        loss_reason,
        channel_source,
        source_system || ':' || campaign,
        currency_code,
        forecast_category,
        amount,
        list_amount,
        contract_months,
        probability,
        coalesce(is_partner_registered, false),
        deleted_at is not null,
        close_date,
        created_at

    from generic_opportunities

),

mapped as (

    select
        unioned.opportunity_id,
        unioned.source_system,
        unioned.account_id,
        unioned.original_opportunity_id,
        unioned.sales_rep_id,
        unioned.created_by_id,
        unioned.created_by_role,
        unioned.status,
        unioned.stage_name,
        unioned.channel_source,
        unioned.campaign_id,
        coalesce(unioned.currency_code, settings.reporting_currency) as currency_code,
        unioned.forecast_category,
        case
            when kinds.kind is not null then kinds.kind
            when unioned.source_type in ('new', 'upsell', 'cross_sell', 'renewal', 'refund')
                then unioned.source_type
        end as mapped_kind,
        coalesce(loss_reasons.loss_reason, lower(unioned.source_reason)) as loss_reason,
        coalesce(
            loss_reasons.is_excluded, lower(unioned.source_reason) in ('duplicate', 'invalid', 'test'), false
        ) as is_loss_excluded,
        unioned.amount_original,
        unioned.list_amount_original,
        unioned.contract_months,
        unioned.probability,
        unioned.is_partner_registered,
        unioned.is_deleted,
        {{ local_date('unioned.created_at', 'settings.reporting_timezone') }} as created_date,
        unioned.close_date,
        unioned.created_at

    from unioned

    cross join settings

    left join kinds
        on
            unioned.source_system = kinds.source_system
            and lower(unioned.source_type) = lower(kinds.source_type)
            and {{ in_force('kinds', 'coalesce(unioned.close_date, settings.as_of)') }}

    left join loss_reasons
        on
            unioned.source_system = loss_reasons.source_system
            and lower(unioned.source_reason) = lower(loss_reasons.source_reason)
            and {{ in_force('loss_reasons', 'coalesce(unioned.close_date, settings.as_of)') }}

)

select * from mapped
