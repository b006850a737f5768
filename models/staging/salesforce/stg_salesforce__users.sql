with

source as (

    select * from {{ newest('salesforce', 'users', key=['user_id']) }}

),

renamed as (

    select
        user_id,
        coalesce(
            user_name,
            nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')
        ) as user_name,
        team,
        title,
        region,
        is_active,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
