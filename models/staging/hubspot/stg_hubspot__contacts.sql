with

source as (

    select * from {{ newest(
        'hubspot', 'contacts',
        key=['contact_id']
    ) }}

),

-- An export of a view leaves the columns that it lacks as they were.
known as (

    select * from {{ last_known(
        'hubspot', 'contacts',
        key='contact_id',
        columns=[
            'primary_company_id',
            'salesforce_lead_id',
            'salesforce_contact_id',
            'email_key',
            'email_domain',
            'company_name',
            'lifecycle_stage',
            'lead_status',
            'original_source',
            'original_source_detail',
            'contact_owner',
            'created_at',
            'owner_assigned_at',
            'became_lead_at',
            'became_mql_at',
            'became_sql_at',
            'became_opportunity_at',
            'became_customer_at'
        ],
        flags=['is_test_name']
    ) }}

),

renamed as (

    select
        source.contact_id,
        coalesce(source.primary_company_id, known.primary_company_id) as primary_company_id,
        coalesce(source.salesforce_lead_id, known.salesforce_lead_id) as salesforce_lead_id,
        coalesce(source.salesforce_contact_id, known.salesforce_contact_id) as salesforce_contact_id,
        coalesce(source.email_key, known.email_key) as email_key,
        coalesce(source.email_domain, known.email_domain) as email_domain,
        coalesce(source.company_name, known.company_name) as company_name,
        coalesce(source.lifecycle_stage, known.lifecycle_stage) as lifecycle_stage,
        coalesce(source.lead_status, known.lead_status) as lead_status,
        coalesce(source.original_source, known.original_source) as original_source,
        coalesce(source.original_source_detail, known.original_source_detail) as original_source_detail,
        coalesce(source.contact_owner, known.contact_owner) as contact_owner,
        source.is_test_name or coalesce(known.is_test_name, false) as is_test_name,
        coalesce(source.created_at, known.created_at) as created_at,
        coalesce(source.owner_assigned_at, known.owner_assigned_at) as owner_assigned_at,
        coalesce(source.became_lead_at, known.became_lead_at) as became_lead_at,
        coalesce(source.became_mql_at, known.became_mql_at) as became_mql_at,
        coalesce(source.became_sql_at, known.became_sql_at) as became_sql_at,
        coalesce(source.became_opportunity_at, known.became_opportunity_at) as became_opportunity_at,
        coalesce(source.became_customer_at, known.became_customer_at) as became_customer_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.contact_id = known.contact_id

)

select * from renamed
