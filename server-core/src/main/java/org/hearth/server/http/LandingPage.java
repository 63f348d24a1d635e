package org.hearth.server.http;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a person sees who opens the server's address in a browser: that it works, and how to
/// connect. It has no script, and nothing of the request is shown but a registration token, for
/// those whom its owner has sent the link of an invitation.
public final class LandingPage implements RouteGroup {
  private static final String NO_FORMS = "form-action 'none'";

  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>{name}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <style>
      :root{color-scheme:light dark}
      body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1.25rem}
      h1{font-size:1.6rem;margin-bottom:.25rem}
      .ok{color:#1a7f37;font-weight:600}
      @media(prefers-color-scheme:dark){.ok{color:#56d364}}
      code{font-size:1.05em;overflow-wrap:anywhere}
      footer{margin-top:3rem;font-size:.85rem;opacity:.7}
      </style></head>
      <body>
      <h1>{name}</h1>
      <p class="ok">It works: this is a Matrix server.</p>
      <h2>Connect</h2>
      <ol>
      <li>Open a Matrix app. These work with this server: {apps}.</li>
      {steps}
      </ol>
      {trust}
      <h2>What it can do</h2>
      <p>{served}</p>
      <footer>Hearth {version}</footer>
      </body></html>
      """;

  private static final String SIGN_IN =
      """
      <li>Choose “sign in”, then “other homeserver”, “edit” or “change”, and give {address}.</li>
      <li>Sign in with the name and the password that you got from whoever runs this server.</li>\
      """;

  private static final String INVITED =
      """
      <li>Choose “create account”, then “other homeserver”, “edit” or “change”, and give {address}.</li>
      <li>Choose a name and a password. When the app asks for a registration token, give <code>{token}</code>.</li>\
      """;

  private static final String TRUST =
      "<p>If the app does not trust this server, <a href=\"%s\">install its certificate</a> on your device once.</p>";

  /// [What a token is made
  /// of](https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration).
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

  private final Response page;

  /// The page for who was invited, up to the token in it.
  private final String invitation;

  /// @param serverName the permanent name
  /// @param address the address for clients, if the configuration names one
  /// @param softwareVersion of this program
  /// @param trust the path of the page that says how a device trusts the server's own authority
  public LandingPage(
      String serverName, Optional<URI> address, String softwareVersion, Optional<String> trust) {
    Served served = Served.now();
    String shown = "the address that your browser shows for this page";
    String text =
        PAGE.replace("{apps}", HtmlPage.escaped(String.join(", ", served.apps())))
            .replace("{served}", HtmlPage.escaped(served.sentences()))
            .replace("{version}", HtmlPage.escaped(softwareVersion))
            .replace("{trust}", trust.map(TRUST::formatted).orElse(""))
            .replace("{name}", HtmlPage.escaped(serverName));
    Optional<String> named =
        address.map(url -> "<code>" + HtmlPage.escaped(url.toString()) + "</code>");
    page =
        HtmlPage.of(
            200,
            text.replace("{steps}", SIGN_IN).replace("{address}", named.orElse(shown)),
            NO_FORMS);
    invitation =
        text.replace("{steps}", INVITED)
            .replace("{address}", named.orElse(shown + ", up to the question mark"));
  }

  @Override
  public void register(Routes routes) {
    routes.add(HttpMethod.GET, "/", Access.NONE, RateClass.DEFAULT, BodyLimit.SMALL, this::answer);
  }

  private Response answer(Request request) {
    return request
        .query("invitation")
        .filter(token -> TOKEN.matcher(token).matches())
        .map(token -> HtmlPage.of(200, invitation.replace("{token}", token), NO_FORMS))
        .orElse(page);
  }
}
