with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'automation_emails',
        key=['campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        automation_id,
        campaign_name,
        status,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
