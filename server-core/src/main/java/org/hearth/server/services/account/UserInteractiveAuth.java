package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// Asks the user to prove who they are before something is done that a stolen token must not
/// suffice for.
///
/// **thread**: any.
///
/// **source**: [User-Interactive
/// Authentication](https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api)
final class UserInteractiveAuth implements Confirmation {
  /// The user shows their password.
  static final String PASSWORD = "m.login.password";

  /// Nothing to show.
  static final String DUMMY = "m.login.dummy";

  /// A test that only a human should pass.
  static final String RECAPTCHA = "m.login.recaptcha";

  /// A registration token.
  static final String REGISTRATION_TOKEN = "m.login.registration_token";

  private static final Duration LIFETIME = Duration.ofMinutes(15);
  private static final int CACHE_BYTES = 4 << 20;
  private static final int ENTRY_BYTES = 500;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final PasswordLogin passwords;
  private final RegistrationTokens registrationTokens;
  private final Optional<Recaptcha> recaptcha;
  private final Secrets secrets;
  private final Cache<String, UiaSession> sessions;

  UserInteractiveAuth(
      PasswordLogin passwords,
      RegistrationTokens registrationTokens,
      Optional<Recaptcha> recaptcha,
      Secrets secrets) {
    this.passwords = passwords;
    this.registrationTokens = registrationTokens;
    this.recaptcha = recaptcha;
    this.secrets = secrets;
    this.sessions =
        Caffeine.newBuilder()
            .maximumWeight(CACHE_BYTES)
            .weigher((String _, UiaSession each) ->
                Math.toIntExact(ENTRY_BYTES + MatrixJson.treeBytes(each.parameters())))
            .expireAfterWrite(LIFETIME)
            .executor(Runnable::run)
            .removalListener(this::release)
            .build();
  }

  /// How one endpoint is guarded.
  ///
  /// @param flows lists of stages, one of which must be completed in its order
  /// @param user whose access token was shown; null for none
  /// @param bodyMayChange whether a later request of a session may ask for something else than the
  ///   first: not where an account is at stake, "operation must be consistent through UIA session"
  record Guard(List<List<String>> flows, @Nullable UserId user, boolean bodyMayChange) {
    static Guard ofAccount(@Nullable UserId user) {
      return new Guard(List.of(List.of(PASSWORD)), user, false);
    }

    static Guard ofRegistration(List<List<String>> flows) {
      return new Guard(flows, null, true);
    }
  }

  /// Does something when the request shows what it has to, and says what is missing otherwise.
  ///
  /// @param action calls [#end] as soon as what was asked for is done; requests on the same session
  ///   wait meanwhile
  /// @return the action's answer; else one of status 401 with the flows and the session
  /// @throws MatrixException for what is wrong other than the authentication; `M_FORBIDDEN` if the
  ///   session is for something else
  Response check(Request request, Guard guard, Function<Authenticated, Response> action) {
    ObjectNode body = request.jsonOrEmpty();
    Optional<Fields> auth = Fields.of(body).optionalObject("auth");
    ObjectNode parameters = body.deepCopy().without("auth");
    String operation = request.method() + " " + pathOf(request);
    if (auth.isEmpty()) {
      return challenge(begin(operation, guard, parameters), null);
    }
    Optional<String> id = auth.get().optionalString("session");
    Optional<UiaSession> known = id.flatMap(this::session);
    if (id.isPresent() && known.isEmpty()) {
      return challenge(begin(operation, guard, parameters), unknownSession());
    }
    UiaSession session = known.orElseGet(() -> begin(operation, guard, parameters));
    return session.inTurn(() -> {
      if (known.isPresent()) {
        bind(session, operation, guard, parameters);
      }
      return session.isOver()
          ? challenge(begin(operation, guard, parameters), unknownSession())
          : attempt(request, session, auth.get(), action);
    });
  }

  @Override
  public Response confirm(Request request, Function<ObjectNode, Response> action) {
    return check(
        request,
        Guard.ofAccount(request.requester().user()),
        authenticated -> {
          Response answer = action.apply(authenticated.parameters());
          end(authenticated.session());
          return answer;
        });
  }

  private static MatrixException unknownSession() {
    return new MatrixException(401, Errcode.UNKNOWN, "The session is unknown or has expired");
  }

  private Response attempt(
      Request request, UiaSession session, Fields auth, Function<Authenticated, Response> action) {
    Optional<String> type = auth.optionalString("type");
    // "Completed stages cannot be retried by clients"
    if (type.isPresent() && !session.hasCompleted(type.get())) {
      if (!session.isNext(type.get())) {
        return challenge(
            session,
            new MatrixException(
                401, Errcode.FORBIDDEN, "This stage is not the next one of any flow"));
      }
      Optional<MatrixException> failure = perform(request, session, type.get(), auth);
      if (failure.isPresent()) {
        // "an attempt on a stage was unsuccessful, but the client may make a second attempt"
        return challenge(session, failure.get());
      }
    }
    return session.isDone() ? action.apply(authenticated(session)) : challenge(session, null);
  }

  /// Performs one stage, from a request or from a fallback page.
  ///
  /// @return what is wrong, when the user may try again; empty when the stage is completed
  /// @throws MatrixException `M_FORBIDDEN` for another account than the one at stake, and for one
  ///   that cannot be here
  Optional<MatrixException> perform(
      Request request, UiaSession session, String stage, Fields shown) {
    switch (stage) {
      case DUMMY -> {}
      case PASSWORD -> {
        UserId who = passwords.identify(shown);
        UserId expected = session.user();
        if (expected != null && !expected.equals(who)) {
          // The answer does not tell whether the password is right for that other user.
          throw MatrixException.forbidden("Only the account's own user can do this");
        }
        if (!passwords.isRight(request, who, shown.string("password"))) {
          return Optional.of(MatrixException.forbidden("Invalid username or password"));
        }
        session.setAuthenticated(who);
      }
      case RECAPTCHA -> {
        if (!recaptcha.orElseThrow().isPassed(shown.string("response"))) {
          return Optional.of(
              new MatrixException(Errcode.CAPTCHA_INVALID, "The captcha was not passed"));
        }
      }
      case REGISTRATION_TOKEN -> {
        String token = shown.string("token");
        if (session.registrationToken() == null) {
          if (!RegistrationToken.isWellFormed(token) || !registrationTokens.take(token)) {
            return Optional.of(MatrixException.forbidden("Invalid registration token"));
          }
          if (!session.hold(token)) {
            registrationTokens.giveBack(token);
            return Optional.of(unknownSession());
          }
        }
      }
      default -> throw new IllegalStateException("no flow has the stage " + stage);
    }
    session.complete(stage);
    return Optional.empty();
  }

  private static Authenticated authenticated(UiaSession session) {
    return new Authenticated(
        session.parameters(),
        Optional.ofNullable(session.authenticated()),
        Optional.ofNullable(session.registrationToken()),
        session);
  }

  /// What was asked for is done: the session cannot be used again.
  void end(UiaSession session) {
    sessions.invalidate(session.id());
  }

  /// The session of that id, for the fallback pages.
  Optional<UiaSession> session(String id) {
    return Optional.ofNullable(sessions.getIfPresent(id));
  }

  private UiaSession begin(String operation, Guard guard, ObjectNode parameters) {
    UiaSession session =
        new UiaSession(secrets.token(""), operation, guard.user(), guard.flows(), parameters);
    sessions.put(session.id(), session);
    return session;
  }

  private void bind(UiaSession session, String operation, Guard guard, ObjectNode parameters) {
    if (!session.isFor(operation, guard.user())) {
      throw MatrixException.forbidden("The session is for another operation");
    }
    // After a fallback page clients repeat the request "with an auth dict with just the session ID"
    // and nothing else.
    if (parameters.isEmpty() || parameters.equals(session.parameters())) {
      return;
    }
    if (!guard.bodyMayChange()) {
      throw MatrixException.forbidden("The operation has changed since the session began");
    }
    session.setParameters(parameters);
    sessions.asMap().replace(session.id(), session);
  }

  private void release(@Nullable String id, @Nullable UiaSession session, RemovalCause cause) {
    // Replaced by itself, it is only weighed again.
    if (session != null && cause != RemovalCause.REPLACED) {
      session.end().ifPresent(registrationTokens::giveBack);
    }
  }

  private Response challenge(UiaSession session, @Nullable MatrixException failure) {
    ObjectNode body = JSON.objectNode();
    if (failure != null) {
      body.put("errcode", failure.errcode()).put("error", failure.safeMessage());
    }
    ArrayNode completed = body.putArray("completed");
    session.completed().forEach(completed::add);
    ArrayNode flows = body.putArray("flows");
    session
        .flows()
        .forEach(flow -> {
          ArrayNode stages = flows.addObject().putArray("stages");
          flow.forEach(stages::add);
        });
    ObjectNode params = body.putObject("params");
    recaptcha
        .filter(_ -> session.flows().stream().anyMatch(flow -> flow.contains(RECAPTCHA)))
        .ifPresent(each -> params.putObject(RECAPTCHA).put("public_key", each.publicKey()));
    body.put("session", session.id());
    return Response.json(401, body);
  }

  private static String pathOf(Request request) {
    String target = request.rawTarget();
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }
}
