package org.hearth.server.matrix.error;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// A request that is refused: the HTTP status, the error code, a message and further fields, all
/// safe to show to whoever sent the request. Thrown anywhere in a handler, mapped to JSON in one
/// place.
///
/// **shape**: the response is `{"errcode": …, "error": message, …fields}`.
public final class MatrixException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String errcode;
  private final String safeMessage;
  private final transient Map<String, JsonNode> fields;

  /// A refusal with its code's usual status.
  public MatrixException(Errcode errcode, String safeMessage) {
    this(errcode.status(), errcode.code(), safeMessage, Map.of());
  }

  /// A refusal with another status than the code's usual one.
  public MatrixException(int status, Errcode errcode, String safeMessage) {
    this(status, errcode.code(), safeMessage, Map.of());
  }

  /// A refusal with any status, code and further fields, such as one that another server sent us.
  public MatrixException(
      int status, String errcode, String safeMessage, Map<String, JsonNode> fields) {
    // No stack trace: it tells of the sender's mistake, and senders can cause it at any rate.
    super(errcode + ": " + safeMessage, null, false, false);
    this.status = status;
    this.errcode = errcode;
    this.safeMessage = safeMessage;
    this.fields = Map.copyOf(fields);
  }

  /// `M_FORBIDDEN`, 403.
  public static MatrixException forbidden(String message) {
    return new MatrixException(Errcode.FORBIDDEN, message);
  }

  /// `M_NOT_FOUND`, 404.
  public static MatrixException notFound(String message) {
    return new MatrixException(Errcode.NOT_FOUND, message);
  }

  /// `M_BAD_JSON`, 400: valid JSON, but not what was expected.
  public static MatrixException badJson(String message) {
    return new MatrixException(Errcode.BAD_JSON, message);
  }

  /// `M_NOT_JSON`, 400.
  public static MatrixException notJson(String message) {
    return new MatrixException(Errcode.NOT_JSON, message);
  }

  /// `M_NOT_JSON`, 400, with a general message.
  public static MatrixException notJson() {
    return notJson("The request did not contain valid JSON");
  }

  /// `M_MISSING_PARAM`, 400.
  ///
  /// @param name of the parameter or field that is missing
  public static MatrixException missingParam(String name) {
    return new MatrixException(Errcode.MISSING_PARAM, "Missing parameter: " + name);
  }

  /// `M_INVALID_PARAM`, 400.
  public static MatrixException invalidParam(String message) {
    return new MatrixException(Errcode.INVALID_PARAM, message);
  }

  /// `M_TOO_LARGE`, 413.
  public static MatrixException tooLarge(String message) {
    return new MatrixException(Errcode.TOO_LARGE, message);
  }

  /// `M_UNKNOWN`, 500: for what is neither the sender's fault nor worth a code of its own.
  public static MatrixException unknown(String message) {
    return new MatrixException(Errcode.UNKNOWN, message);
  }

  /// `M_UNRECOGNIZED`, 404: "if the endpoint is not implemented".
  public static MatrixException unrecognized() {
    return new MatrixException(Errcode.UNRECOGNIZED, "Unrecognized request");
  }

  /// `M_UNRECOGNIZED`, 405: "if the endpoint is implemented, but the incorrect HTTP method is
  /// used".
  public static MatrixException wrongMethod() {
    return new MatrixException(405, Errcode.UNRECOGNIZED, "Unrecognized request method");
  }

  /// `M_MISSING_TOKEN`, 401.
  public static MatrixException missingToken() {
    return new MatrixException(Errcode.MISSING_TOKEN, "Missing access token");
  }

  /// `M_UNKNOWN_TOKEN`, 401.
  ///
  /// @param softLogout whether the client may keep its data and log in again as the same device
  public static MatrixException unknownToken(boolean softLogout) {
    return new MatrixException(Errcode.UNKNOWN_TOKEN, "Unknown access token")
        .with("soft_logout", BooleanNode.valueOf(softLogout));
  }

  /// `M_USER_LOCKED`, 401: "with the `soft_logout` parameter set to `true`".
  public static MatrixException userLocked() {
    return new MatrixException(Errcode.USER_LOCKED, "This account has been locked")
        .with("soft_logout", BooleanNode.TRUE);
  }

  /// `M_LIMIT_EXCEEDED`, 429.
  ///
  /// @param retryAfter how long to wait before the next try; at least a millisecond is told
  public static MatrixException limitExceeded(Duration retryAfter) {
    return new MatrixException(Errcode.LIMIT_EXCEEDED, "Too many requests")
        .with("retry_after_ms", LongNode.valueOf(Math.max(1, retryAfter.toMillis())));
  }

  /// `M_RESOURCE_LIMIT_EXCEEDED`, 403: "The error MUST have an `admin_contact` field".
  public static MatrixException resourceLimitExceeded(String message, String adminContact) {
    return new MatrixException(Errcode.RESOURCE_LIMIT_EXCEEDED, message)
        .with("admin_contact", TextNode.valueOf(adminContact));
  }

  /// `M_INCOMPATIBLE_ROOM_VERSION`, 400: the room has a version that is not supported.
  public static MatrixException incompatibleRoomVersion(String roomVersion) {
    return new MatrixException(
            Errcode.INCOMPATIBLE_ROOM_VERSION,
            "The room has version %s, which is not supported".formatted(roomVersion))
        .with("room_version", TextNode.valueOf(roomVersion));
  }

  /// `M_UNSUPPORTED_ROOM_VERSION`, 400: a room cannot be created in that version.
  public static MatrixException unsupportedRoomVersion(String roomVersion) {
    return new MatrixException(
        Errcode.UNSUPPORTED_ROOM_VERSION,
        "Room version %s is not supported".formatted(roomVersion));
  }

  /// The same refusal with one more field.
  public MatrixException with(String name, JsonNode value) {
    Map<String, JsonNode> all = new LinkedHashMap<>(fields);
    all.put(name, value);
    return new MatrixException(status, errcode, safeMessage, all);
  }

  /// The HTTP status.
  public int status() {
    return status;
  }

  /// The error code as it is written in a response: `M_FORBIDDEN`.
  public String errcode() {
    return errcode;
  }

  /// True if this is that error code.
  public boolean is(Errcode other) {
    return errcode.equals(other.code());
  }

  /// The message for whoever sent the request, without the code.
  public String safeMessage() {
    return safeMessage;
  }

  /// The further fields of the response, such as `retry_after_ms`; mostly empty.
  public Map<String, JsonNode> fields() {
    return fields;
  }
}
