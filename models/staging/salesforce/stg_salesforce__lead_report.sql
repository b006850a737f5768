with

source as (

    select * from {{ newest(
        'salesforce', 'lead_report',
        key=['lead_id']
    ) }}

),

-- A file of some columns leaves the others as they were.
known as (

    select * from {{ last_known(
        'salesforce', 'lead_report',
        key='lead_id',
        columns=[
            'owner_id',
            'converted_account_id',
            'converted_contact_id',
            'converted_opportunity_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'company',
            'country',
            'lead_source',
            'status',
            'rejection_reason',
            'is_converted',
            'converted_date',
            'created_at'
        ],
        flags=['is_test_name']
    ) }}

),

renamed as (

    select
        source.lead_id,
        coalesce(source.owner_id, known.owner_id) as owner_id,
        coalesce(source.converted_account_id, known.converted_account_id) as converted_account_id,
        coalesce(source.converted_contact_id, known.converted_contact_id) as converted_contact_id,
        coalesce(source.converted_opportunity_id, known.converted_opportunity_id) as converted_opportunity_id,
        coalesce(source.master_record_id, known.master_record_id) as master_record_id,
        coalesce(source.email_key, known.email_key) as email_key,
        coalesce(source.email_domain, known.email_domain) as email_domain,
        coalesce(source.company, known.company) as company,
        coalesce(source.country, known.country) as country,
        coalesce(source.lead_source, known.lead_source) as lead_source,
        coalesce(source.status, known.status) as status,
        coalesce(source.rejection_reason, known.rejection_reason) as rejection_reason,
        coalesce(source.is_converted, known.is_converted) as is_converted,
        source.is_test_name or coalesce(known.is_test_name, false) as is_test_name,
        coalesce(source.is_deleted, false) as is_deleted,
        coalesce(source.converted_date, known.converted_date) as converted_date,
        coalesce(source.created_at, known.created_at) as created_at,
        source.deleted_at,
        source._exported_at as exported_at

    from source

    left join known
        on source.lead_id = known.lead_id

)

select * from renamed
