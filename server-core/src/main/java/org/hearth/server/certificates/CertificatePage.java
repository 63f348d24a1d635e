package org.hearth.server.certificates;

import java.nio.charset.StandardCharsets;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.HtmlPage;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;

/// What a person opens on a device that is to trust this server: the certificate of its authority,
/// and how it is installed on each system. It is read before the device trusts anything, so the
/// fingerprint is there to be compared with what the owner sees.
///
/// **Thread**: any.
public final class CertificatePage implements RouteGroup {
  /// Where it is, below an address of the server.
  public static final String PATH = "/certificate";

  private static final String FILE = PATH + "/hearth-at-home.crt";

  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>Let this device trust {name}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <style>
      :root{color-scheme:light dark}
      body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1.25rem}
      h1{font-size:1.6rem;margin-bottom:.25rem}
      h2{font-size:1.1rem;margin-bottom:.25rem}
      code{overflow-wrap:anywhere}
      </style></head>
      <body>
      <h1>Let this device trust {name}</h1>
      <p>Once on each device. It then accepts this server’s https addresses at home. The certificate
      can vouch for {name}, for names that only homes use and for private addresses, and for nothing
      else in the world.</p>
      <p><a href="{file}"><strong>Download the certificate</strong></a></p>
      <p>Before you install it, compare its SHA-256 fingerprint with the one that “hearth connect”
      or the Connect page shows to whoever runs the server:<br><code>{fingerprint}</code></p>
      <h2>Android</h2>
      <p>Settings, Security, “More security”, “Install a certificate”, “CA certificate”: choose the
      downloaded file. Where it is in the menus differs from maker to maker; search the settings for
      “CA certificate”.</p>
      <h2>iPhone and iPad</h2>
      <p>Open this page in Safari and download. Then Settings, “Profile Downloaded”, Install. Then
      Settings, General, About, “Certificate Trust Settings”: switch the certificate on.</p>
      <h2>Windows</h2>
      <p>Open the downloaded file, “Install Certificate”, “Current User”, “Place all certificates in
      the following store”, “Trusted Root Certification Authorities”.</p>
      <h2>macOS</h2>
      <p>Open the downloaded file; in Keychain Access open the certificate, “Trust”, “Always
      Trust”.</p>
      <h2>Linux</h2>
      <p>Copy the file to <code>/usr/local/share/ca-certificates/</code> and run
      <code>sudo update-ca-certificates</code> (Debian, Ubuntu), or
      <code>sudo trust anchor FILE</code> (Fedora, Arch).</p>
      <h2>Firefox, on every system</h2>
      <p>Settings, “Certificates”, “View Certificates”, “Authorities”, Import: tick “Trust this CA to
      identify websites”.</p>
      </body></html>
      """;

  private final Response page;
  private final Response certificate;

  /// @param serverName the permanent name
  /// @param authority the server's own
  public CertificatePage(String serverName, HomeAuthority authority) {
    page =
        HtmlPage.of(
            200,
            PAGE.replace("{file}", FILE)
                .replace("{fingerprint}", HtmlPage.escaped(authority.fingerprint()))
                .replace("{name}", HtmlPage.escaped(serverName)),
            "form-action 'none'");
    certificate =
        Response.bytes(
                200,
                "application/x-x509-ca-cert",
                authority.pem().getBytes(StandardCharsets.US_ASCII))
            .with("Content-Disposition", "attachment; filename=hearth-at-home.crt");
  }

  @Override
  public void register(Routes routes) {
    routes.add(HttpMethod.GET, PATH, Access.NONE, RateClass.DEFAULT, BodyLimit.SMALL, _ -> page);
    routes.add(
        HttpMethod.GET, FILE, Access.NONE, RateClass.DEFAULT, BodyLimit.SMALL, _ -> certificate);
  }
}
