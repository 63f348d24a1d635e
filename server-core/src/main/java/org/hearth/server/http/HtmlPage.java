package org.hearth.server.http;

import java.nio.charset.StandardCharsets;

/// A page for a person's browser. It loads nothing but what its policy names, is shown in no frame,
/// and tells nobody where its reader came from. The headers of every page and of every answer are
/// set where it is sent.
///
/// **Thread**: any.
public final class HtmlPage {
  private static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; ";

  private HtmlPage() {}

  /// An answer with a page.
  ///
  /// @param html complete; whatever a request or a setting brought is [#escaped] in it
  /// @param policy further directives of the content security policy: where forms may be sent to,
  ///   which scripts may run
  public static Response of(int status, String html, String policy) {
    return Response.bytes(status, "text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8))
        .with("Content-Security-Policy", POLICY + policy)
        .with("Referrer-Policy", "no-referrer");
  }

  /// The text as it stands in HTML, between tags and in a quoted attribute.
  public static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
