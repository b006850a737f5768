with

source as (

    select * from {{ newest(
        'hubspot', 'deals',
        key=['deal_id']
    ) }}

),

-- An export of a view leaves the columns that it lacks as they were; not so what says that the stage is
-- closed, which is of the stage beside it.
known as (

    select * from {{ last_known(
        'hubspot', 'deals',
        key='deal_id',
        columns=[
            'primary_company_id',
            'original_deal_id',
            'salesforce_opportunity_id',
            'deal_name',
            'deal_stage',
            'pipeline',
            'deal_type',
            'original_source',
            'original_source_detail',
            'loss_reason',
            'deal_owner',
            'forecast_category',
            'currency_code',
            'amount',
            'list_amount',
            'contract_months',
            'is_partner_registered',
            'close_date',
            'created_at'
        ]
    ) }}

),

renamed as (

    select
        source.deal_id,
        coalesce(source.primary_company_id, known.primary_company_id) as primary_company_id,
        coalesce(source.original_deal_id, known.original_deal_id) as original_deal_id,
        coalesce(source.salesforce_opportunity_id, known.salesforce_opportunity_id) as salesforce_opportunity_id,
        coalesce(source.deal_name, known.deal_name) as deal_name,
        coalesce(source.deal_stage, known.deal_stage) as deal_stage,
        coalesce(source.pipeline, known.pipeline) as pipeline,
        coalesce(source.deal_type, known.deal_type) as deal_type,
        coalesce(source.original_source, known.original_source) as original_source,
        coalesce(source.original_source_detail, known.original_source_detail) as original_source_detail,
        coalesce(source.loss_reason, known.loss_reason) as loss_reason,
        coalesce(source.deal_owner, known.deal_owner) as deal_owner,
        coalesce(source.forecast_category, known.forecast_category) as forecast_category,
        coalesce(source.currency_code, known.currency_code) as currency_code,
        coalesce(source.amount, known.amount) as amount,
        coalesce(source.list_amount, known.list_amount) as list_amount,
        coalesce(source.contract_months, known.contract_months) as contract_months,
        source.is_closed,
        source.is_closed_won,
        source.is_closed_lost,
        coalesce(source.is_partner_registered, known.is_partner_registered) as is_partner_registered,
        coalesce(source.close_date, known.close_date) as close_date,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.deal_id = known.deal_id

)

select * from renamed
