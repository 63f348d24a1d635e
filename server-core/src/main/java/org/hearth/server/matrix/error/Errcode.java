package org.hearth.server.matrix.error;

/// The specification's error codes, each with the HTTP status that goes with it unless the
/// endpoint's own text says otherwise.
public enum Errcode {
  /// An unknown error has occurred.
  UNKNOWN(500),

  /// Valid JSON, but malformed in some way, e.g. missing required keys, invalid values for keys.
  BAD_JSON(400),

  /// The request did not contain valid JSON.
  NOT_JSON(400),

  /// Forbidden access, e.g. joining a room without permission, failed login.
  FORBIDDEN(403),

  /// Too many requests have been sent in a short period of time; has `retry_after_ms`.
  LIMIT_EXCEEDED(429),

  /// No access token was specified for the request.
  MISSING_TOKEN(401),

  /// The access or refresh token specified was not recognised; may have `soft_logout`.
  UNKNOWN_TOKEN(401),

  /// The connection of a sliding sync, or the position in it, is not known, or not any more.
  UNKNOWN_POS(400),

  /// No resource was found for this request.
  NOT_FOUND(404),

  /// The server did not understand the request; 405 if only the HTTP method is wrong.
  UNRECOGNIZED(404),

  /// The homeserver has reached a resource limit imposed on it; has `admin_contact`.
  RESOURCE_LIMIT_EXCEEDED(403),

  /// The user has exceeded a limit of the account; has `info_uri`, may have `can_upgrade`.
  USER_LIMIT_EXCEEDED(403),

  /// The device given by an application service does not belong to the user.
  UNKNOWN_DEVICE(400),

  /// The account has been locked; has `soft_logout`.
  USER_LOCKED(401),

  /// The account has been suspended and can only be used for limited actions.
  USER_SUSPENDED(403),

  /// The user has been deactivated.
  USER_DEACTIVATED(403),

  /// The request was not correctly authorised.
  UNAUTHORIZED(401),

  /// The state change requested cannot be performed, such as unbanning a user who is not banned.
  BAD_STATE(403),

  /// The user may not reject an invite to the server notices room.
  CANNOT_LEAVE_SERVER_NOTICE_ROOM(403),

  /// The captcha provided did not match what was expected.
  CAPTCHA_INVALID(401),

  /// A captcha is required to complete the request.
  CAPTCHA_NEEDED(401),

  /// The resource is reserved by an application service.
  EXCLUSIVE(400),

  /// The room or resource does not permit guests to access it.
  GUEST_ACCESS_FORBIDDEN(403),

  /// The room has a version this server does not support; has `room_version`.
  INCOMPATIBLE_ROOM_VERSION(400),

  /// A room was to be created in a version this server does not support.
  UNSUPPORTED_ROOM_VERSION(400),

  /// A parameter has the wrong value.
  INVALID_PARAM(400),

  /// A required parameter was missing.
  MISSING_PARAM(400),

  /// The initial state given for a new room is invalid.
  INVALID_ROOM_STATE(400),

  /// The user id to be registered is not valid.
  INVALID_USERNAME(400),

  /// The user id to be registered has been taken.
  USER_IN_USE(400),

  /// The room alias given for a new room is already in use.
  ROOM_IN_USE(400),

  /// The password is too weak.
  WEAK_PASSWORD(400),

  /// The request used a third-party server that this server does not trust.
  SERVER_NOT_TRUSTED(403),

  /// Authentication could not be performed on the third-party identifier.
  THREEPID_AUTH_FAILED(401),

  /// The server does not permit this third-party identifier.
  THREEPID_DENIED(403),

  /// The third-party identifier is already in use.
  THREEPID_IN_USE(400),

  /// Third-party identifiers of the given medium cannot be added.
  THREEPID_MEDIUM_NOT_SUPPORTED(400),

  /// No record matches the third-party identifier.
  THREEPID_NOT_FOUND(400),

  /// The request or entity was too large.
  TOO_LARGE(413),

  /// The profile would exceed 64 KiB.
  PROFILE_TOO_LARGE(400),

  /// The name of a profile field exceeds 255 bytes.
  KEY_TOO_LARGE(400),

  /// An alias of `m.room.canonical_alias` does not point to the room.
  BAD_ALIAS(400),

  /// The user has already sent that annotation.
  DUPLICATE_ANNOTATION(400),

  /// This server cannot tell whether the join is allowed.
  UNABLE_TO_AUTHORISE_JOIN(400),

  /// The join is allowed, but another server has to be asked.
  UNABLE_TO_GRANT_JOIN(400),

  /// The invited user's settings block the invite.
  INVITE_BLOCKED(403),

  /// The media has an address, but has not been uploaded yet.
  NOT_YET_UPLOADED(504),

  /// The media of that address has already been uploaded.
  CANNOT_OVERWRITE_MEDIA(409),

  /// The version of the key backup is not the current one.
  WRONG_ROOM_KEYS_VERSION(403),

  /// The token given does not belong to the session.
  TOKEN_INCORRECT(400),

  /// The session has not been validated.
  SESSION_NOT_VALIDATED(400),

  /// The session has expired.
  SESSION_EXPIRED(400),

  /// There is no such session.
  NO_VALID_SESSION(400),

  /// A signature is missing or wrong.
  INVALID_SIGNATURE(400),

  /// The terms of the service have not been accepted.
  TERMS_NOT_SIGNED(403),

  /// The application service has no address.
  URL_NOT_SET(400),

  /// The application service answered with an error; has `status` and `body`.
  BAD_STATUS(502),

  /// The application service could not be reached.
  CONNECTION_FAILED(502),

  /// The application service did not answer in time.
  CONNECTION_TIMEOUT(504),

  /// This server does not let application services log in.
  APPSERVICE_LOGIN_UNSUPPORTED(400);

  private final int status;

  Errcode(int status) {
    this.status = status;
  }

  /// The code as it is written in a response: `M_FORBIDDEN`.
  public String code() {
    return "M_" + name();
  }

  /// The HTTP status it usually comes with.
  public int status() {
    return status;
  }
}
