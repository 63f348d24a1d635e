package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HtmlPage;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// A page for each stage of user-interactive authentication, for clients that do not know the
/// stage.
///
/// The pages load nothing and run one script whose hash is in their policy; whatever a request
/// brought is escaped. Only that of the captcha loads the captcha, from where it is verified.
///
/// **source**: [Fallback](https://spec.matrix.org/v1.19/client-server-api/#fallback)
final class FallbackPages implements RouteGroup {
  private static final String SCRIPT =
      "if(window.onAuthDone){window.onAuthDone();}"
          + "else if(window.opener&&window.opener.postMessage){window.opener.postMessage(\"authDone\",\"*\");}";
  private static final String POLICY =
      "form-action 'self'; script-src 'sha256-%s'"
          .formatted(Base64.getEncoder().encodeToString(Secrets.sha256(SCRIPT)));
  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>{title}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <style>body{font:1rem system-ui,sans-serif;max-width:24rem;margin:3rem auto;padding:0 1rem}
      input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.5rem 0;padding:.5rem}
      .error{color:#b00020}</style></head>
      <body><h1>{title}</h1>{body}</body></html>
      """;

  private final UserInteractiveAuth interactive;
  private final Optional<Recaptcha> recaptcha;

  FallbackPages(UserInteractiveAuth interactive, Optional<Recaptcha> recaptcha) {
    this.interactive = interactive;
    this.recaptcha = recaptcha;
  }

  @Override
  public void register(Routes routes) {
    List<String> path = ClientPaths.v3("/auth/{stage}/fallback/web");
    routes
        .add(HttpMethod.GET, path, Access.NONE, RateClass.DEFAULT, this::show)
        .add(HttpMethod.POST, path, Access.NONE, RateClass.LOGIN, this::submit);
  }

  private Response show(Request request) {
    UiaSession session = session(request.requiredQuery("session"));
    String stage = stage(request, session);
    return session.hasCompleted(stage) ? done() : form(200, stage, session, "");
  }

  private Response submit(Request request) {
    Map<String, String> form = form(request.body());
    UiaSession session = session(form.getOrDefault("session", ""));
    String stage = stage(request, session);
    return session.inTurn(() -> submit(request, session, stage, shown(form)));
  }

  private Response submit(Request request, UiaSession session, String stage, Fields shown) {
    if (!session.hasCompleted(stage)) {
      if (!session.isNext(stage)) {
        return form(401, stage, session, "Another step comes first.");
      }
      Optional<MatrixException> failure = attempt(request, session, stage, shown);
      if (failure.isPresent()) {
        return form(401, stage, session, failure.get().safeMessage());
      }
    }
    return done();
  }

  /// Performs a stage. Whatever is wrong is told on the page, so that the user can try again.
  private Optional<MatrixException> attempt(
      Request request, UiaSession session, String stage, Fields shown) {
    try {
      return interactive.perform(request, session, stage, shown);
    } catch (MatrixException failure) {
      if (failure.is(Errcode.LIMIT_EXCEEDED)) {
        throw failure;
      }
      return Optional.of(failure);
    }
  }

  private static Fields shown(Map<String, String> form) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    for (String name : List.of("user", "password", "token")) {
      String value = form.get(name);
      if (value != null) {
        fields.put(name, value);
      }
    }
    String response = form.get("g-recaptcha-response");
    if (response != null) {
      fields.put("response", response);
    }
    return Fields.of(fields);
  }

  private UiaSession session(String id) {
    return interactive
        .session(id)
        .orElseThrow(() -> MatrixException.notFound("The session is unknown or has expired"));
  }

  private static String stage(Request request, UiaSession session) {
    String stage = request.path("stage");
    if (session.flows().stream().noneMatch(flow -> flow.contains(stage))) {
      throw MatrixException.notFound("The session has no such stage");
    }
    return stage;
  }

  private Response form(int status, String stage, UiaSession session, String error) {
    String inputs =
        switch (stage) {
          case UserInteractiveAuth.PASSWORD ->
              input("user", "text", "User name") + input("password", "password", "Password");
          case UserInteractiveAuth.REGISTRATION_TOKEN ->
              input("token", "text", "Registration token");
          case UserInteractiveAuth.RECAPTCHA -> recaptcha.map(FallbackPages::test).orElseThrow();
          default -> "";
        };
    String body =
        (error.isEmpty() ? "" : "<p class=\"error\">" + HtmlPage.escaped(error) + "</p>")
            + "<form method=\"post\"><input type=\"hidden\" name=\"session\" value=\""
            + HtmlPage.escaped(session.id())
            + "\">"
            + inputs
            + "<button>Continue</button></form>";
    return page(
        status,
        "Confirm that it is you",
        body,
        stage.equals(UserInteractiveAuth.RECAPTCHA) ? policy(recaptcha.orElseThrow()) : POLICY);
  }

  private static String input(String name, String type, String label) {
    return "<label>%s<input name=\"%s\" type=\"%s\" required></label>".formatted(label, name, type);
  }

  private static String test(Recaptcha recaptcha) {
    return "<script src=\"%s\" async defer></script><div class=\"g-recaptcha\" data-sitekey=\"%s\"></div>"
        .formatted(
            HtmlPage.escaped(recaptcha.script().toString()),
            HtmlPage.escaped(recaptcha.publicKey()));
  }

  /// **source**: [content security
  /// policy](https://developers.google.com/recaptcha/docs/faq#im-using-content-security-policy-csp-on-my-website.-how-can-i-configure-it-to-work-with-recaptcha)
  private static String policy(Recaptcha recaptcha) {
    String origin = recaptcha.script().getScheme() + "://" + recaptcha.script().getRawAuthority();
    return "form-action 'self'; script-src %1$s https://www.gstatic.com/recaptcha/;"
            .formatted(origin)
        + " frame-src %1$s; connect-src %1$s".formatted(origin);
  }

  private static Response done() {
    return page(
        200,
        "Thank you",
        "<p>You can close this window and go back to your client.</p><script>"
            + SCRIPT
            + "</script>",
        POLICY);
  }

  private static Response page(int status, String title, String body, String policy) {
    return HtmlPage.of(status, PAGE.replace("{title}", title).replace("{body}", body), policy);
  }

  private static Map<String, String> form(byte[] body) {
    Map<String, String> form = new HashMap<>();
    for (String pair : new String(body, StandardCharsets.UTF_8).split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        form.putIfAbsent(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
      }
    }
    return form;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw MatrixException.invalidParam("The form is not well encoded");
    }
  }
}
