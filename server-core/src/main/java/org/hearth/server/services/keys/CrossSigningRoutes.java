package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.SignatureVerdict;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.Confirmation;
import org.hearth.server.services.keys.Keys.KeySignature;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// Cross-signing: a user uploads the keys that vouch for devices and users, and what these have
/// signed.
///
/// **thread**: any. **source**: [cross-signing][cross].
///
/// [cross]: https://spec.matrix.org/v1.19/client-server-api/#cross-signing
final class CrossSigningRoutes implements RouteGroup {
  /// Signatures of one call.
  static final int MOST_SIGNATURES = 1_000;

  /// Users of other servers of whom one call brings signatures.
  static final int MOST_ELSEWHERE = 100;

  /// How long other servers are waited for.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Keys keys;
  private final AccountQueries accounts;
  private final ServerName server;
  private final UsersElsewhere elsewhere;
  private final Confirmation confirmation;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;

  /// Where keys are found.
  ///
  /// @param server this one
  record Needs(Keys keys, AccountQueries accounts, ServerName server, UsersElsewhere elsewhere) {}

  /// @param turns by the user whose keys they are, or who signs
  CrossSigningRoutes(
      Needs needs,
      Confirmation confirmation,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns) {
    this.keys = needs.keys();
    this.accounts = needs.accounts();
    this.server = needs.server();
    this.elsewhere = needs.elsewhere();
    this.confirmation = confirmation;
    this.journal = journal;
    this.turns = turns;
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.POST,
            paths("/keys/device_signing/upload"),
            Access.USER,
            RateClass.DEFAULT,
            this::uploadKeys)
        .add(
            HttpMethod.POST,
            paths("/keys/signatures/upload"),
            Access.USER,
            RateClass.DEFAULT,
            this::uploadSignatures);
  }

  /// Also where clients look for them that are from before v1.1.
  private static List<String> paths(String path) {
    List<String> all = new ArrayList<>(ClientPaths.v3(path));
    all.add("/_matrix/client/unstable" + path);
    return List.copyOf(all);
  }

  // --- keys

  private Response uploadKeys(Request request) {
    UserId user = request.requester().user();
    // A malformed request is refused before the user is asked for a password.
    if (mustConfirm(read(user, request.json()), keys.crossSigningKeys(user))) {
      return confirmation.confirm(
          request,
          parameters -> {
            turns.run(user, () -> set(user, read(user, parameters), true));
            return Response.empty();
          });
    }
    turns.run(user, () -> set(user, read(user, request.json()), false));
    return Response.empty();
  }

  private static Map<SigningKeyUsage, CrossSigningKey> read(UserId user, ObjectNode body) {
    Fields fields = Fields.of(body);
    Map<SigningKeyUsage, CrossSigningKey> uploaded = new EnumMap<>(SigningKeyUsage.class);
    for (SigningKeyUsage each : SigningKeyUsage.values()) {
      fields
          .optionalObject(each.word() + "_key")
          .ifPresent(key -> uploaded.put(each, CrossSigningKey.read(user, each, key.json())));
    }
    return uploaded;
  }

  /// "User-Interactive Authentication MUST be performed for regular clients, except in these cases:
  /// - there is no existing master signing key uploaded to the homeserver, OR - there is an
  ///   existing master signing key and it exactly matches the master signing key provided in the
  ///   request body. If there are any additional keys provided in the request (self-signing key,
  ///   user-signing key) they MUST also match the existing keys stored on the server. In other
  ///   words, the request contains no new keys."
  private static boolean mustConfirm(
      Map<SigningKeyUsage, CrossSigningKey> uploaded,
      Map<SigningKeyUsage, CrossSigningKey> stored) {
    return stored.containsKey(SigningKeyUsage.MASTER) && !news(uploaded, stored).isEmpty();
  }

  private static List<CrossSigningKey> news(
      Map<SigningKeyUsage, CrossSigningKey> uploaded,
      Map<SigningKeyUsage, CrossSigningKey> stored) {
    return uploaded.values().stream()
        .filter(each -> {
          CrossSigningKey known = stored.get(each.usage());
          return known == null || !known.isSame(each);
        })
        .toList();
  }

  /// Only while it is the user's turn.
  private void set(UserId user, Map<SigningKeyUsage, CrossSigningKey> uploaded, boolean confirmed) {
    Map<SigningKeyUsage, CrossSigningKey> stored = keys.crossSigningKeys(user);
    List<CrossSigningKey> news = news(uploaded, stored);
    if (news.isEmpty()) {
      return;
    }
    if (!confirmed && mustConfirm(uploaded, stored)) {
      throw MatrixException.forbidden("Other keys have been uploaded at the same time");
    }
    // "Must be signed by the accompanying master signing key, or by the user's most recently
    // uploaded master signing key if no master signing key is included in the request."
    @Nullable CrossSigningKey master =
        uploaded.getOrDefault(SigningKeyUsage.MASTER, stored.get(SigningKeyUsage.MASTER));
    if (master == null) {
      throw new MatrixException(Errcode.MISSING_PARAM, "No master signing key is available");
    }
    List<RowChange> rows = new ArrayList<>();
    for (CrossSigningKey each : news) {
      if (each.usage() != SigningKeyUsage.MASTER && !master.hasSigned(each.content(), user)) {
        throw invalidSignature(
            "The %s key is not signed by the master key".formatted(each.usage().word()));
      }
      // "The public key of one of the keys is the same as one of the user's device IDs"
      DeviceId device = new DeviceId(each.publicKey());
      if (accounts.device(user, device).isPresent()
          || keys.dehydratedDevice(user).filter(device::equals).isPresent()) {
        throw MatrixException.forbidden("Key ID in use");
      }
      rows.addAll(
          Keys.setCrossSigningKey(user, each, Optional.ofNullable(stored.get(each.usage()))));
    }
    // "A user-signing key (USK) -- only visible to the user that it belongs to": nobody else has
    // anything to look up.
    boolean ownOnly = news.stream().allMatch(each -> each.usage() == SigningKeyUsage.USER_SIGNING);
    rows.addAll(Keys.deviceListChanged(user, ownOnly ? Optional.of(user) : Optional.empty()));
    var _ =
        journal.commit(
            rows,
            List.of(
                ownOnly
                    ? new AccountOutput.UserVerified(user, user)
                    : new AccountOutput.SigningKeysChanged(user)));
  }

  private static MatrixException invalidSignature(String message) {
    return new MatrixException(Errcode.INVALID_SIGNATURE, message);
  }

  // --- signatures

  /// What one call brings: "The signed JSON object must match the key previously uploaded or
  /// retrieved for the given key ID, with the exception of the `signatures` property, which
  /// contains the new signature(s) to add."
  private Response uploadSignatures(Request request) throws InterruptedException {
    UserId signer = request.requester().user();
    ObjectNode body = request.json();
    int count = 0;
    List<UserId> users = new ArrayList<>();
    for (var user : body.properties()) {
      if (!(user.getValue() instanceof ObjectNode signed)) {
        throw MatrixException.badJson("The body must map users to what was signed of them");
      }
      users.add(UserId.parse(user.getKey()));
      count += signed.size();
    }
    if (count > MOST_SIGNATURES) {
      throw MatrixException.tooLarge(
          "One call brings at most %d signatures".formatted(MOST_SIGNATURES));
    }
    ObjectNode failures = JsonNodeFactory.instance.objectNode();
    Map<UserId, ObjectNode> masters = mastersElsewhere(signer, users);
    turns.run(signer, () -> add(signer, body, masters, failures));
    return Response.json(JsonNodeFactory.instance.objectNode().set("failures", failures));
  }

  /// The master keys of users of other servers. Nobody's turn lasts while these are waited for.
  private Map<UserId, ObjectNode> mastersElsewhere(UserId signer, List<UserId> users)
      throws InterruptedException {
    List<UserId> others = Asked.of(users, server).elsewhere();
    if (others.size() > MOST_ELSEWHERE) {
      throw MatrixException.tooLarge(
          "One call brings signatures of at most %d users of other servers"
              .formatted(MOST_ELSEWHERE));
    }
    Map<UserId, ObjectNode> masters = new HashMap<>();
    elsewhere
        .find(signer, others, Map.of(), PATIENCE)
        .forEach((user, list) -> list.masterKey().ifPresent(key -> masters.put(user, key)));
    return masters;
  }

  /// Only while it is the signer's turn.
  ///
  /// @param masters the master keys of users of other servers
  private void add(
      UserId signer, ObjectNode body, Map<UserId, ObjectNode> masters, ObjectNode failures) {
    boolean hasPlace = keys.signaturesElsewhere(signer, server) < Keys.MOST_SIGNATURES_ELSEWHERE;
    Map<SigningKeyUsage, CrossSigningKey> own = keys.crossSigningKeys(signer);
    List<RowChange> rows = new ArrayList<>();
    List<AccountOutput> entries = new ArrayList<>();
    for (var byUser : body.properties()) {
      UserId user = UserId.parse(byUser.getKey());
      boolean isOwn = user.equals(signer);
      boolean isHere = user.isOn(server);
      Map<String, Signable> signable =
          isOwn ? ownKeys(user, own) : othersKeys(masterKey(user, masters), own);
      int before = rows.size();
      List<DeviceId> devices = new ArrayList<>();
      boolean masterKey = false;
      for (var each : byUser.getValue().properties()) {
        try {
          if (!isHere && !hasPlace) {
            throw MatrixException.tooLarge("There are too many signatures already");
          }
          check(
                  signer,
                  user,
                  each.getKey(),
                  signable.get(each.getKey()),
                  each.getValue() instanceof ObjectNode object
                      ? object
                      : JsonNodeFactory.instance.objectNode())
              .forEach(signature ->
                  rows.addAll(
                      isHere
                          ? KeySignatures.add(signature)
                          : KeySignatures.addElsewhere(signature)));
          if (isMasterKey(own, each.getKey())) {
            masterKey = true;
          } else {
            devices.add(new DeviceId(each.getKey()));
          }
        } catch (MatrixException e) {
          failures
              .withObjectProperty(user.value())
              .putObject(each.getKey())
              .put("errcode", e.errcode())
              .put("error", e.safeMessage());
        }
      }
      if (rows.size() > before) {
        rows.addAll(Keys.deviceListChanged(user, isOwn ? Optional.empty() : Optional.of(signer)));
        if (!isOwn) {
          entries.add(new AccountOutput.UserVerified(signer, user));
        } else {
          if (!devices.isEmpty()) {
            entries.add(new AccountOutput.DeviceKeysChanged(user, devices));
          }
          if (masterKey) {
            entries.add(new AccountOutput.SigningKeysChanged(user));
          }
        }
      }
    }
    if (!rows.isEmpty()) {
      var _ = journal.commit(rows, entries);
    }
  }

  private static boolean isMasterKey(Map<SigningKeyUsage, CrossSigningKey> own, String target) {
    CrossSigningKey master = own.get(SigningKeyUsage.MASTER);
    return master != null && master.publicKey().equals(target);
  }

  /// Something that may be signed.
  ///
  /// @param content as it was uploaded
  /// @param signers the keys that may sign it
  private record Signable(StoredKeys content, Map<KeyId, VerifyKey> signers) {}

  /// The user's own devices, which the self-signing key signs, and the own master key, which the
  /// devices sign.
  private Map<String, Signable> ownKeys(UserId user, Map<SigningKeyUsage, CrossSigningKey> own) {
    Map<String, Signable> signable = new HashMap<>();
    Map<KeyId, VerifyKey> devices = new HashMap<>();
    keys.deviceKeys(user)
        .forEach((device, stored) -> {
          signable.put(
              device.value(), new Signable(stored, signer(own.get(SigningKeyUsage.SELF_SIGNING))));
          // A device's id may be as long as that of a key, which then has no place for it.
          Identifiers.read(KeyId::ed25519, device.value())
              .ifPresent(id ->
                  stored
                      .read()
                      .flatMap(content ->
                          VerifyKey.parse(content.path("keys").path(id.value()).asText()))
                      .ifPresent(key -> devices.put(id, key)));
        });
    CrossSigningKey master = own.get(SigningKeyUsage.MASTER);
    if (master != null) {
      signable.put(master.publicKey(), new Signable(() -> Optional.of(master.content()), devices));
    }
    return signable;
  }

  private Optional<ObjectNode> masterKey(UserId user, Map<UserId, ObjectNode> elsewhere) {
    return user.isOn(server)
        ? keys.crossSigningKey(user, SigningKeyUsage.MASTER).map(CrossSigningKey::content)
        : Optional.ofNullable(elsewhere.get(user));
  }

  /// Another user's master key, which the user-signing key signs.
  private static Map<String, Signable> othersKeys(
      Optional<ObjectNode> master, Map<SigningKeyUsage, CrossSigningKey> own) {
    return master
        .map(content ->
            Map.of(
                CrossSigningKey.publicKey(content),
                new Signable(
                    () -> Optional.of(content), signer(own.get(SigningKeyUsage.USER_SIGNING)))))
        .orElse(Map.of());
  }

  private static Map<KeyId, VerifyKey> signer(@Nullable CrossSigningKey key) {
    return key == null
        ? Map.of()
        : VerifyKey.parse(key.publicKey()).map(each -> Map.of(key.id(), each)).orElse(Map.of());
  }

  private static List<KeySignature> check(
      UserId signer, UserId user, String target, @Nullable Signable signable, ObjectNode signed) {
    Optional<ObjectNode> known =
        Optional.ofNullable(signable).flatMap(each -> each.content().read());
    if (signable == null || known.isEmpty()) {
      throw MatrixException.notFound("There is no such key");
    }
    if (!Signatures.signedPart(signed).equals(Signatures.signedPart(known.get()))) {
      throw invalidSignature("What was signed is not the key that is known");
    }
    if (!(Signatures.verify(
            signed, signer.value(), id -> Optional.ofNullable(signable.signers().get(id)))
        instanceof SignatureVerdict.Valid(var valid))) {
      throw invalidSignature("Invalid signature");
    }
    return valid.stream()
        .map(id ->
            new KeySignature(
                user,
                target,
                signer,
                id,
                signed.path("signatures").path(signer.value()).path(id.value()).asText()))
        .toList();
  }
}
