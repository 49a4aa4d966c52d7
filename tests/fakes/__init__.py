"""Stand-ins for the outside world: real servers on loopback that can fail on demand.

Nothing here is patched into the product: a test starts a fake, points the product's own settings at it and looks at
what it received.

    with SendGrid() as sendgrid:                          # start() and stop() work too; port 0 unless told
        settings.SENDGRID_URL = sendgrid.url
        sendgrid.behave(status=429, retry_after=1, times=2)
        ...
        assert sendgrid.requests[-1].json()["subject"] == "How was it?"

datalake  DataLake         Azure Data Lake Gen2      sendgrid  SendGrid        mail send v3, signed event webhooks
entra     EntraId          tokens for the lake       ses       Ses             SESv2, SNS notifications
openai    OpenAI           responses, chat           smtp      SmtpSink        a mail server that keeps or refuses
oidc      OpenIDProvider   sign-in with OpenID       clamd     Clamd           virus scanner
silent    SilentServer     a database or Redis that accepts connections and never answers

The HTTP ones share `server.FakeServer`. To be down for a while: `stop()`, then `start()` on the same port.
"""
