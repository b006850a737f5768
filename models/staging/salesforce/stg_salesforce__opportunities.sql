with

source as (

    select * from {{ newest(
        'salesforce', 'opportunities',
        key=['opportunity_id']
    ) }}

),

-- A file of some columns leaves the others as they were.
known as (

    select * from {{ last_known(
        'salesforce', 'opportunities',
        key='opportunity_id',
        columns=[
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

renamed as (

    select
        source.opportunity_id,
        coalesce(source.account_id, known.account_id) as account_id,
        coalesce(source.campaign_id, known.campaign_id) as campaign_id,
        coalesce(source.owner_id, known.owner_id) as owner_id,
        coalesce(source.created_by_id, known.created_by_id) as created_by_id,
        coalesce(source.contact_id, known.contact_id) as contact_id,
        coalesce(source.original_opportunity_id, known.original_opportunity_id) as original_opportunity_id,
        coalesce(source.opportunity_name, known.opportunity_name) as opportunity_name,
        coalesce(source.stage_name, known.stage_name) as stage_name,
        coalesce(source.currency_code, known.currency_code) as currency_code,
        coalesce(source.type, known.type) as type,
        coalesce(source.lead_source, known.lead_source) as lead_source,
        coalesce(source.forecast_category, known.forecast_category) as forecast_category,
        coalesce(source.loss_reason, known.loss_reason) as loss_reason,
        coalesce(source.amount, known.amount) as amount,
        coalesce(source.list_amount, known.list_amount) as list_amount,
        coalesce(source.probability, known.probability) as probability,
        coalesce(source.contract_months, known.contract_months) as contract_months,
        coalesce(source.is_closed, known.is_closed) as is_closed,
        coalesce(source.is_won, known.is_won) as is_won,
        coalesce(source.is_partner_registered, known.is_partner_registered) as is_partner_registered,
        coalesce(source.is_deleted, false) as is_deleted,
        coalesce(source.close_date, known.close_date) as close_date,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.opportunity_id = known.opportunity_id

)

select * from renamed
