"""What headers, files and words mostly mean, for proposals that a person looks at first.

What is certain belongs into the contracts: a header that a known system writes is an alias there.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration import gaps

# Further names under which files of unknown systems have a column.
ALIASES: Mapping[str, str] = {
    "lead_id": "id, no, nr, number, lead, lead no, lead number, lead nr, record id, enquiry, "
    "mql id, leadid, enquiry no, enquiry id, anfrage, anfragenummer, lfd nr, código, uid, "
    "lead ref, reference",
    "contact_id": "contact, contact no, contact number, person, person id, kontakt, kontakt id",
    "record_id": "id, no, nr, lead, lead no, lead id, contact, contact id, record, person id, "
    "lead number, anfrage, enquiry no, person",
    "account_id": "account, customer, customer id, customer no, customer number, client, "
    "client id, kunde, kundennummer, kunden nr, company id, cliente, account no, konto",
    "account_name": "account, firma, unternehmen, empresa, organisation, organization, "
    "customer name, client name",
    "sales_rep_id": "rep, sales person, salesperson, account executive, ae, seller, agent, "
    "sales agent, lead owner, deal owner, assigned to, verkäufer, betreuer, bearbeiter, "
    "zuständig, vendedor, responsable, sdr, consultant, owner name, account manager, "
    "potential owner, opportunity owner, proprietário, responsável",
    "email_key": "mail, e mail, mail address, email id, e mail adresse, e mail address, "
    "emailadresse, correo, correo electrónico, courriel, adresse email, work email, contact email, "
    "customer email",
    "company": "account, account name, organisation, organization, firma, unternehmen, empresa, "
    "société, company / account",
    "channel_source": "channel, origin, how did you hear about us, lead origin, utm source, "
    "quelle, herkunft, kanal, origen, fuente, canal, medium, acquisition channel, "
    "marketing channel, first source, original source",
    "campaign": "kampagne, campaña, campanha, utm campaign, campaign code",
    "country": "land, país, pays, country code, region",
    "is_test_name": "vorname, nachname, contact name, lead name, nombre, nome, prénom, nom, "
    "customer name, person name",
    "created_at": "date, date created, creation date, create time, created time, created on, "
    "came on, came in, came in on, signup date, sign up date, signed up, registered, "
    "registered at, registration date, received, received on, lead date, enquiry date, opened, "
    "opened on, open date, start date, started, engage date, entry date, erstellt, erstellt am, "
    "angelegt, angelegt am, eingang, eingangsdatum, datum, fecha, fecha de creación, creado, "
    "data, data de criação, date de création, timestamp, first contact date, added, added on",
    "opportunity_id": "deal, deal no, deal number, opportunity, opp, opp id, opportunity no, id, "
    "no, nr, angebot, angebotsnummer, negocio, geschäft, negócio, oportunidade, potential, "
    "potential id, potentialid, dealid, opportunityid",
    "opportunity_name": "name, title, subject, opportunity, deal, potential name, bezeichnung, "
    "titel, nome da oportunidade, nome do negócio",
    "person_record_id": "lead, contact, person, lead no, contact no, person id, kontakt",
    "status": "state, outcome, result, won / lost, won/lost, win loss, deal status, deal state, "
    "ergebnis, estado, statut, situação, forecast type",
    "stage_name": "phase, pipeline stage, sales stage, etapa, étape, fase, verkaufsphase",
    "stage": "status, phase, lead status, lifecycle stage, new stage, to stage, etapa",
    "kind": "type, deal type, business type, art, typ, belegart, document type, tipo",
    "loss_reason": "reason, reason lost, lost because, verlustgrund, absagegrund",
    "currency_code": "ccy, curr, currency iso code, iso currency, währung, moneda, moeda, devise",
    "amount": "value, deal value, deal amount, deal size, contract value, close value, revenue, "
    "total, net, sum, price, acv, tcv, arr, betrag, wert, summe, auftragswert, importe, valor, "
    "montant, cost, costs, kosten, expense, spend, net amount, amount net",
    "close_date": "closed, closed on, closed at, close, closing date, expected close, end date, "
    "won date, date closed, abschluss, abschlussdatum, geschlossen, fecha de cierre, close on",
    "probability": "win probability, chance, wahrscheinlichkeit, probabilidad",
    "platform": "network, channel, source, publisher, media, ad platform, ad network, kanal, "
    "plattform, plataforma, canal",
    "ad_account": "konto, account id",
    "campaign_id": "campaign no, campaign code",
    "campaign_name": "campaign, kampagne, campaña, campanha, campagne",
    "spend": "costs, cost, total cost, total spend, total spent, spent, ad spend, media cost, "
    "amount spent, budget spent, ausgaben, kosten, investimento, gasto, dépenses, coste, "
    "inversión, marketing spend, amount",
    "clicks": "klicks, link clicks, clics, cliques",
    "impressions": "impr, impr., views, impressionen, impresiones, impressões",
    "platform_conversions": "conv, conv., results, leads, conversions total, konversionen",
    "date_day": "datum, tag, fecha, data, jour, report date, reporting date, dia, día",
    "order_id": "order, order no, order number, order nr, invoice, invoice no, invoice nr, "
    "bill no, document no, receipt, transaction id, rechnung, rechnungsnummer, rechnung nr, "
    "bestellung, bestellnummer, beleg, belegnummer, pedido, factura, fatura, facture, no",
    "line_id": "order item id, item id, line item id, position, pos, item no, line no, posten",
    "order_date": "date, datum, order date, ordered on, purchase date, purchased on, paid on, "
    "invoice date, billing date, rechnungsdatum, bestelldatum, fecha, data, created at, "
    "transaction date, belegdatum",
    "revenue": "net, total, net total, net revenue, net value, order value, order total, sales, "
    "turnover, price, sum, netto, nettobetrag, umsatz, betrag, importe, valor, montant, subtotal, "
    "value, paid",
    "cogs": "cost, cost of goods, cost of goods sold, wareneinsatz, einkaufspreis",
    "quantity": "menge, anzahl, units, cantidad, quantidade, stück",
    "product": "item, item name, article, artikel, sku, description, produkt, producto, produto, "
    "bezeichnung, plan",
    "cost_type": "category, cost category, expense type, expense category, kostenart, kategorie, "
    "categoría, what, item, position, budget line",
    "month": "period, date, monat, mes, mês, mois, booking month, datum, day",
    "channel": "marketing channel, kanal, canal",
    "changed_at": "date, changed on, changed, since, entered, entered on, at, when, moved at, "
    "moved on, datum, time, event time, stage date",
    "sales_rep": "rep, sales agent, sales person, salesperson, seller, verkäufer, vendedor, agent",
    "team": "manager, group, gruppe, equipo, department",
    "region": "regional office, territory, area, office, gebiet, zona",
    "list_price": "sales price, unit price, price, preis, precio",
    "segment": "branche, sector, industry, vertical",
    "metric": "kpi, measure, goal, kennzahl, metrik",
    "target": "goal, quota, plan, budget, ziel, soll, zielwert, meta",
}
TABLES: Mapping[str, str] = {
    "leads": "lead leads enquiries enquiry inquiries anfragen interessenten signups prospects "
    "sign ups inscrições inscricoes cadastros",
    "contacts": "contact contacts kontakte people persons personen",
    "opportunities": "opportunity opportunities deal deals pipeline opps geschäfte negocios "
    "angebote potential potentials negócios oportunidades",
    "orders": "order orders invoice invoices rechnungen bestellungen sales billing pedidos "
    "facturas purchases transactions umsatz revenue faturamento faturas",
    "ad_spend": "spend ads ad advertising campaigns kampagnen media adspend",
    "costs": "cost costs kosten expenses ledger gastos ausgaben",
    "stage_events": "history stages stage events log funnel etapas",
    "targets": "target targets quota quotas goals ziele plan metas",
    "sales_reps": "reps team teams sellers salespeople",
    "accounts": "account accounts companies customers firmen kunden clients",
    "products": "product products produkte artikel items catalog",
}
WORDS: Mapping[str, gaps.Words] = {
    "status": (*gaps.DEAL_STATUSES, (r".", "open")),
    "kind": (
        (
            r"credit|gutschrift|refund|storno|return|nota de cr|abono|avoir|correction",
            "credit_note",
        ),
        (r"invoice|rechnung|factura|fatura|facture|bill", "invoice"),
        (r".", "order"),
    ),
    "sentiment": (
        (r"^pos|\+|good", "positive"),
        (r"^neg|bad|^-", "negative"),
        (r"neut|mixed|none", "neutral"),
    ),
    "billing_interval": (
        (r"half|semi|halb", "half_year"),
        (r"quart", "quarter"),
        (r"year|annual|jahr|yr", "year"),
        (r"month|monat|mo\b", "month"),
        (r"week|woche", "week"),
        (r"day|tag", "day"),
    ),
}
# Platforms that the channel map knows, by the words of a path.
PLATFORMS = {
    **{name: f"{name}_ads" for name in ("google", "meta", "linkedin", "microsoft", "tiktok")},
    "facebook": "meta_ads",
    "instagram": "meta_ads",
    "bing": "microsoft_ads",
    "adwords": "google_ads",
}
# Words of a path that say nothing about where ads ran.
VAGUE = {
    *("ads", "ad", "spend", "campaigns", "campaign", "report", "export", "exports", "daily"),
    *("costs", "cost", "kosten", "ausgaben", "gasto", "gastos", "marketing", "paid", "media"),
    *("data", "performance", "kampagnen", "investimento", "all", "the", "of", "by", "day"),
}
