{{ config(materialized='table') }}

-- One row per opportunity of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity') }}

    union all

    select * from {{ ref('stg_fivetran_salesforce__opportunity_history') }}

),

opportunity_reports as (

    select * from {{ ref('stg_salesforce__opportunity_report') }}

),

accounts as (

    select * from {{ ref('int_salesforce_accounts') }}

),

users as (

    select * from {{ ref('int_salesforce_users') }}

),

stages as (

    select * from {{ source('definitions', 'opportunity_stages') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

newest as (

    select * from {{ newest_record(
        'opportunity_id',
        [
            'account_id',
            'campaign_id',
            'owner_id',
            'created_by_id',
            'contact_id',
            'original_opportunity_id',
            'opportunity_name',
            'stage_name',
            'currency_code',
            'type',
            'lead_source',
            'forecast_category',
            'loss_reason',
            'amount',
            'list_amount',
            'probability',
            'contract_months',
            'is_closed',
            'is_won',
            'is_partner_registered',
            'close_date',
            'created_at'
        ]
    ) }}

),

-- What deals that are in a stage say of it, for stages that no definition names.
stages_of_deals as (

    select
        lower(stage_name) as stage_name,
        max(case when is_won then 'won' when is_closed then 'lost' else 'open' end) as status

    from newest

    group by lower(stage_name)

),

-- A name that two of them share says nothing.
account_names as (

    select
        lower(account_name) as account_name,
        min(account_id) as account_id

    from accounts

    where not is_deleted

    group by lower(account_name)

    having count(*) = 1

),

user_names as (

    select
        lower(user_name) as user_name,
        min(user_id) as user_id

    from users

    group by lower(user_name)

    having count(*) = 1

),

staged_reports as (

    select
        opportunity_reports.*,
        account_names.account_id as named_account_id,
        user_names.user_id as named_owner_id,
        coalesce(stages.status, stages_of_deals.status, 'open') as stage_status

    from opportunity_reports

    cross join settings

    left join account_names
        on lower(opportunity_reports.account_name) = account_names.account_name

    left join user_names
        on lower(opportunity_reports.owner_name) = user_names.user_name

    left join stages
        on
            stages.source_system = 'salesforce'
            and lower(opportunity_reports.stage_name) = lower(stages.stage_name)
            and {{ in_force('stages', 'coalesce(opportunity_reports.close_date, settings.as_of)') }}

    left join stages_of_deals
        on lower(opportunity_reports.stage_name) = stages_of_deals.stage_name

),

reports as (

    select
        opportunity_id,
        coalesce(account_id, named_account_id) as account_id,
        campaign_id,
        coalesce(owner_id, named_owner_id) as owner_id,
        owner_name,
        cast(null as varchar) as created_by_id,
        contact_id,
        original_opportunity_id,
        opportunity_name,
        stage_name,
        currency_code,
        type,
        lead_source,
        forecast_category,
        loss_reason,
        amount,
        list_amount,
        probability,
        contract_months,
        coalesce(is_closed, stage_status != 'open') as is_closed,
        coalesce(is_won, stage_status = 'won') as is_won,
        cast(null as boolean) as is_partner_registered,
        is_deleted,
        close_date,
        created_at,
        exported_at

    from staged_reports

),

reported as (

    select * from {{ with_reports(
        'opportunity_id',
        fixed=[
            'created_by_id',
            'is_partner_registered',
            'created_at'
        ],
        changing=[
            'account_id',
            'campaign_id',
            'owner_id',
            'contact_id',
            'original_opportunity_id',
            'opportunity_name',
            'stage_name',
            'currency_code',
            'type',
            'lead_source',
            'forecast_category',
            'loss_reason',
            'amount',
            'list_amount',
            'probability',
            'contract_months',
            'is_closed',
            'is_won',
            'close_date'
        ],
        ids=[
            'account_id',
            'campaign_id',
            'owner_id',
            'contact_id',
            'original_opportunity_id'
        ]
    ) }}

),

-- A sales rep of whom nothing but the name is known goes by that.
owner_names as (

    select
        left(opportunity_id, 15) as short_id,
        max_by(owner_name, exported_at) as owner_name

    from reports

    where owner_name is not null

    group by left(opportunity_id, 15)

),

opportunities as (

    select
        reported.opportunity_id,
        reported.account_id,
        reported.campaign_id,
        coalesce(reported.owner_id, owner_names.owner_name) as owner_id,
        reported.created_by_id,
        reported.contact_id,
        reported.original_opportunity_id,
        reported.opportunity_name,
        reported.stage_name,
        reported.currency_code,
        reported.type,
        reported.lead_source,
        reported.forecast_category,
        reported.loss_reason,
        reported.amount,
        reported.list_amount,
        reported.probability,
        reported.contract_months,
        reported.is_closed,
        reported.is_won,
        reported.is_partner_registered,
        reported.is_deleted,
        reported.is_reported,
        reported.close_date,
        reported.created_at,
        reported.exported_at

    from reported

    left join owner_names
        on left(reported.opportunity_id, 15) = owner_names.short_id

)

select * from opportunities
