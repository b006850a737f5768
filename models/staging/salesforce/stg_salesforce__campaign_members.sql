with

source as (

    select * from {{ newest(
        'salesforce', 'campaign_members',
        key=['campaign_member_id']
    ) }}

),

renamed as (

    select
        campaign_member_id,
        campaign_id,
        lead_id,
        contact_id,
        status,
        has_responded,
        coalesce(is_deleted, false) as is_deleted,
        first_responded_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
