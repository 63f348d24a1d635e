package org.hearth.server.services.account;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hearth.server.http.Access;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;

/// Making an account by a script that knows a secret of the configuration, as the tools for Synapse
/// do it: `/_synapse/admin/v1/register`.
///
/// The script fetches a nonce and sends it back with an HMAC-SHA1, keyed with the secret, over
/// nonce, user name, password and `admin` or `notadmin`, separated by NUL; a user type may follow.
final class SharedSecretRegistration implements RouteGroup {
  private static final String PATH = "/_synapse/admin/v1/register";
  private static final Duration NONCE_LIFETIME = Duration.ofMinutes(1);
  private static final int NONCES_BYTES = 128 << 10;
  private static final int NONCE_BYTES = 200;

  private final byte[] secret;
  private final NewAccounts newAccounts;
  private final Sessions sessions;
  private final Secrets secrets;
  private final Happenings happenings;
  private final Cache<String, Boolean> nonces =
      Caffeine.newBuilder()
          .maximumWeight(NONCES_BYTES)
          .weigher((String _, Boolean _) -> NONCE_BYTES)
          .expireAfterWrite(NONCE_LIFETIME)
          .build();

  SharedSecretRegistration(
      String secret,
      NewAccounts newAccounts,
      Sessions sessions,
      Secrets secrets,
      Happenings happenings) {
    this.secret = secret.getBytes(StandardCharsets.UTF_8);
    this.newAccounts = newAccounts;
    this.sessions = sessions;
    this.secrets = secrets;
    this.happenings = happenings;
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(HttpMethod.GET, PATH, Access.NONE, RateClass.REGISTER, this::nonce)
        .add(HttpMethod.POST, PATH, Access.NONE, RateClass.REGISTER, this::create);
  }

  private Response nonce(Request request) {
    String nonce = secrets.token("");
    nonces.put(nonce, true);
    return Response.field("nonce", nonce);
  }

  private Response create(Request request) {
    Fields fields = Fields.of(request.json());
    String nonce = fields.string("nonce");
    String username = fields.string("username");
    String password = fields.string("password");
    boolean admin = fields.bool("admin", false);
    Optional<String> userType = fields.optionalString("user_type");
    String mac = fields.string("mac");
    Optional<String> displayName = fields.optionalString("displayname");
    boolean withoutLogin = fields.bool("inhibit_login", false);

    if (nonces.asMap().remove(nonce) == null) {
      throw new MatrixException(400, Errcode.UNKNOWN, "unrecognised nonce");
    }
    if (!isRight(mac, nonce, username, password, admin, userType)) {
      throw MatrixException.forbidden("HMAC incorrect");
    }
    if (userType.isPresent()) {
      throw MatrixException.invalidParam("This server knows no user types");
    }
    UserId user =
        newAccounts.create(
            newAccounts.available(username), password, admin, displayName, List.of());
    happenings.note(Happening.from(request.remoteAddress(), Kind.ACCOUNT_MADE, user));
    if (admin) {
      happenings.note(Happening.from(request.remoteAddress(), Kind.OWNER_MADE, user));
    }
    if (withoutLogin) {
      return Response.json(RegistrationRoutes.onlyUser(user));
    }
    return Response.json(
        LoginRoutes.json(sessions.logIn(user, Optional.empty(), Optional.empty(), false)));
  }

  private boolean isRight(
      String mac,
      String nonce,
      String username,
      String password,
      boolean admin,
      Optional<String> userType) {
    StringBuilder text =
        new StringBuilder(nonce)
            .append('\0')
            .append(username)
            .append('\0')
            .append(password)
            .append('\0')
            .append(admin ? "admin" : "notadmin");
    userType.ifPresent(type -> text.append('\0').append(type));
    try {
      Mac hmac = Mac.getInstance("HmacSHA1");
      hmac.init(new SecretKeySpec(secret, "HmacSHA1"));
      byte[] expected = hmac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8));
      return MessageDigest.isEqual(HexFormat.of().parseHex(mac), expected);
    } catch (IllegalArgumentException _) {
      return false;
    } catch (GeneralSecurityException absent) {
      throw new IllegalStateException("every Java has HmacSHA1", absent);
    }
  }
}
