with

source as (

    select * from {{ newest(
        source('generic', 'sales_reps'),
        key=['sales_rep_id'],
        mode='incremental'
    ) }}

),

renamed as (

    select
        sales_rep_id,
        sales_rep,
        team,
        region,
        started_on,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
