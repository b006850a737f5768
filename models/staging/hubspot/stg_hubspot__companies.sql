with

source as (

    select * from {{ newest(
        'hubspot', 'companies',
        key=['company_id']
    ) }}

),

-- An export of a view leaves the columns that it lacks as they were.
known as (

    select * from {{ last_known(
        'hubspot', 'companies',
        key='company_id',
        columns=[
            'parent_company_id',
            'salesforce_account_id',
            'company_name',
            'domain',
            'industry',
            'country',
            'company_type',
            'lifecycle_stage',
            'company_owner',
            'created_at'
        ]
    ) }}

),

renamed as (

    select
        source.company_id,
        coalesce(source.parent_company_id, known.parent_company_id) as parent_company_id,
        coalesce(source.salesforce_account_id, known.salesforce_account_id) as salesforce_account_id,
        coalesce(source.company_name, known.company_name) as company_name,
        coalesce(source.domain, known.domain) as domain,
        coalesce(source.industry, known.industry) as industry,
        coalesce(source.country, known.country) as country,
        coalesce(source.company_type, known.company_type) as company_type,
        coalesce(source.lifecycle_stage, known.lifecycle_stage) as lifecycle_stage,
        coalesce(source.company_owner, known.company_owner) as company_owner,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.company_id = known.company_id

)

select * from renamed
