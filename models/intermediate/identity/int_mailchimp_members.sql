-- One row per e-mail address in the audiences of Mailchimp: by the export of the audience or by the
-- connector, whichever is newer.
with

audience as (

    select * from {{ ref('stg_mailchimp__audience') }}

),

connector_members as (

    select * from {{ ref('stg_fivetran_mailchimp__members') }}

),

unioned as (

    select
        email_key,
        email_domain,
        consent,
        is_test_name,
        false as is_deleted,
        coalesce(created_at, confirmed_at) as created_at,
        changed_at,
        exported_at

    from audience

    union all

    select
        email_key,
        email_domain,
        consent,
        is_test_name,
        coalesce(is_deleted, false),
        coalesce(created_at, confirmed_at),
        changed_at,
        exported_at

    from connector_members

    where email_key is not null

),

-- An address may be in several audiences: there as long as it is in one, and since the first.
newest as (

    select
        email_key,
        email_domain,
        consent,
        max(case when is_test_name then 1 else 0 end) over (partition by email_key) = 1 as is_test_name,
        is_deleted,
        min(created_at) over (partition by email_key) as created_at

    from unioned

    qualify row_number() over (
        partition by email_key
        order by exported_at desc, is_deleted asc, changed_at desc nulls last, consent asc nulls last
    ) = 1

)

select * from newest
