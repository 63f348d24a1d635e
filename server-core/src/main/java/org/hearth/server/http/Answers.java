package org.hearth.server.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// Answers on their way out, those of handlers and those to what never became a request.
///
/// Source: [Web Browser
/// Clients](https://spec.matrix.org/v1.19/client-server-api/#web-browser-clients).
final class Answers {
  /// The answer to `OPTIONS`: the headers alone, which a browser may remember for a day.
  static final Response NOTHING =
      Response.bytes(204, "", new byte[0]).with("Access-Control-Max-Age", "86400");

  /// "The recommended CORS headers to be returned by servers on all requests"; and that nothing is
  /// to be guessed or kept.
  private static final List<Header> ALWAYS =
      List.of(
          HeaderValues.createCached("Access-Control-Allow-Origin", "*"),
          HeaderValues.createCached(
              "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
          HeaderValues.createCached(
              "Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization"),
          HeaderValues.X_CONTENT_TYPE_OPTIONS_NOSNIFF,
          HeaderValues.createCached("Cache-Control", "no-store"));

  private static final Header JSON = HeaderValues.createCached("Content-Type", "application/json");

  /// A page has no scripts, loads nothing and is shown in no frame, unless its handler says
  /// otherwise.
  private static final List<Header> OF_A_PAGE =
      List.of(
          HeaderValues.createCached(
              "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
          HeaderValues.createCached("X-Frame-Options", "DENY"));

  private Answers() {}

  /// Sends an answer.
  ///
  /// @param body all of its body; without a body, what is at hand of it
  /// @param length of all of its body
  /// @param headOnly without its body, as `HEAD` demands
  /// @param keepAlive false if the connection is closed afterwards
  static void send(
      Response answer,
      byte[] body,
      long length,
      ServerResponse response,
      boolean headOnly,
      boolean keepAlive) {
    setHead(answer, response, keepAlive);
    if (headOnly) {
      response.headers().contentLength(length);
      response.send();
    } else if (answer.status() == 204 || answer.status() == 304) {
      response.send();
    } else {
      response.send(body);
    }
  }

  /// Sets status and headers.
  static void setHead(Response answer, ServerResponse response, boolean keepAlive) {
    response.status(Status.create(answer.status()));
    ServerResponseHeaders headers = response.headers();
    ALWAYS.forEach(headers::set);
    if (answer.contentType().equals("application/json")) {
      headers.set(JSON);
    } else if (!answer.contentType().isEmpty()) {
      headers.set(HeaderNames.CONTENT_TYPE, answer.contentType());
      if (answer.contentType().startsWith("text/html")) {
        OF_A_PAGE.forEach(headers::set);
      }
    }
    answer.headers().forEach((name, value) -> headers.set(HeaderNames.create(name), value));
    if (!keepAlive) {
      headers.set(HeaderValues.CONNECTION_CLOSE);
    }
  }

  /// Answers to what Helidon refuses before it becomes a request: it could not be parsed, was too
  /// large, or one too many.
  static DirectHandlers direct() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(
          type,
          (request, _, status, _, _) -> {
            Response answer = ErrorHandlers.refusal(refusal(status.code()));
            byte[] body = answer.body() instanceof Response.Whole(var bytes) ? bytes : new byte[0];
            ServerResponseHeaders headers = ServerResponseHeaders.create();
            ALWAYS.forEach(headers::set);
            headers.set(JSON);
            answer.headers().forEach((name, value) -> headers.set(HeaderNames.create(name), value));
            return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .keepAlive(false)
                .entity(body)
                .build();
          });
    }
    return handlers.build();
  }

  private static MatrixException refusal(int status) {
    return switch (status) {
      case 413 -> MatrixException.tooLarge("The request is too large");
      case 414 -> new MatrixException(414, Errcode.TOO_LARGE, "The request target is too long");
      case 503 -> new MatrixException(503, Errcode.UNKNOWN, "Too many requests at the same time");
      case 505 -> new MatrixException(505, Errcode.UNRECOGNIZED, "Only HTTP/1.1 is spoken here");
      case 501 -> new MatrixException(501, Errcode.UNRECOGNIZED, "Unsupported transfer encoding");
      default ->
          new MatrixException(
              status,
              Errcode.UNKNOWN,
              status >= 500 ? "Internal server error" : "The request is malformed");
    };
  }
}
