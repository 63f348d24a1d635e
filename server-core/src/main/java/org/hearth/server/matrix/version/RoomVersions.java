package org.hearth.server.matrix.version;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The room versions of the specification, oldest first; each is "the previous, except".
public final class RoomVersions {
  /// "the initial room version"
  public static final RoomVersion V1 =
      new RoomVersion(
          "1",
          EventIdFormat.SERVER_ASSIGNED,
          StateResolutionAlgorithm.V1,
          Set.of(RoomRule.ALIASES_AUTHORISATION, RoomRule.REDACTION_AUTHORISATION),
          new RedactionRules(
                  Set.of(
                      "event_id",
                      "type",
                      "room_id",
                      "sender",
                      "state_key",
                      "content",
                      "hashes",
                      "signatures",
                      "depth",
                      "prev_events",
                      "prev_state",
                      "auth_events",
                      "origin",
                      "origin_server_ts",
                      "membership"),
                  Map.of())
              .keeping("m.room.member", "membership")
              .keeping("m.room.create", "creator")
              .keeping("m.room.join_rules", "join_rule")
              .keeping(
                  "m.room.power_levels",
                  "ban",
                  "events",
                  "events_default",
                  "kick",
                  "redact",
                  "state_default",
                  "users",
                  "users_default")
              .keeping("m.room.aliases", "aliases")
              .keeping("m.room.history_visibility", "history_visibility"));

  /// "changing only the state resolution algorithm"
  public static final RoomVersion V2 = V1.next("2").with(StateResolutionAlgorithm.V2);

  /// "Introduces events whose IDs are the event's hash"; redactions leave the authorisation rules.
  public static final RoomVersion V3 =
      V2.next("3").with(EventIdFormat.HASH_BASE64).without(RoomRule.REDACTION_AUTHORISATION);

  /// "using URL-safe base64 for event IDs"
  public static final RoomVersion V4 = V3.next("4").with(EventIdFormat.HASH_URL_SAFE);

  /// "Introduces enforcement of signing key validity periods"
  public static final RoomVersion V5 = V4.next("5").with(RoomRule.KEY_VALIDITY_ENFORCED);

  /// "Alters several authorisation rules for events"; "All significant meaning for `m.room.aliases`
  /// has been removed from the redaction algorithm"; canonical JSON is enforced.
  public static final RoomVersion V6 =
      V5.next("6")
          .without(RoomRule.ALIASES_AUTHORISATION)
          .with(RoomRule.STRICT_CANONICAL_JSON, RoomRule.NOTIFICATION_LEVELS_CHECKED)
          .with(V5.redaction().droppingAll("m.room.aliases"));

  /// "Introduces knocking"
  public static final RoomVersion V7 = V6.next("7").with(RoomRule.KNOCKING);

  /// "Adds a join rule to allow members of another room to join without invite";
  /// "`m.room.join_rules` events now keep `allow`".
  public static final RoomVersion V8 =
      V7.next("8")
          .with(RoomRule.RESTRICTED_JOINS)
          .with(V7.redaction().keeping("m.room.join_rules", "allow"));

  /// "`m.room.member` events now keep `join_authorised_via_users_server`"
  public static final RoomVersion V9 =
      V8.next("9")
          .with(V8.redaction().keeping("m.room.member", "join_authorised_via_users_server"));

  /// "Enforces integer-only power levels and adds `knock_restricted` join rule"
  public static final RoomVersion V10 =
      V9.next("10").with(RoomRule.INTEGER_POWER_LEVELS, RoomRule.KNOCK_RESTRICTED_JOINS);

  /// "Clarifies the redaction algorithm"; the creator is the sender of the create event.
  public static final RoomVersion V11 =
      V10.next("11")
          .with(RoomRule.CREATOR_IS_SENDER, RoomRule.REDACTS_IN_CONTENT)
          .with(
              V10.redaction()
                  .withoutMembers("prev_state", "origin", "membership")
                  .keepingWithin("m.room.member", "third_party_invite", "signed")
                  .keepingAll("m.room.create")
                  .keeping("m.room.power_levels", "invite")
                  .keeping("m.room.redaction", "redacts"));

  /// "Changes room IDs to be hashes of the create event, formalizes room creators with infinite
  /// power level, and iterates on state resolution"
  public static final RoomVersion V12 =
      V11.next("12")
          .with(StateResolutionAlgorithm.V2_1)
          .with(RoomRule.PRIVILEGED_CREATORS, RoomRule.ROOM_ID_IS_CREATE_HASH);

  /// "Servers SHOULD use **room version 12** as the default room version when creating new rooms."
  public static final RoomVersion DEFAULT = V12;

  private static final List<RoomVersion> ALL =
      List.of(V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12);

  private static final Map<String, RoomVersion> BY_ID = byId();

  private RoomVersions() {}

  /// The version of that name, or nothing if we do not know it.
  public static Optional<RoomVersion> of(String id) {
    return Optional.ofNullable(BY_ID.get(id));
  }

  /// All versions of the specification, all of them stable, oldest first.
  public static List<RoomVersion> all() {
    return ALL;
  }

  /// The versions from `first` to the newest, oldest first.
  public static Stream<RoomVersion> since(RoomVersion first) {
    return ALL.stream().skip(ALL.indexOf(first));
  }

  private static Map<String, RoomVersion> byId() {
    Map<String, RoomVersion> byId = new LinkedHashMap<>();
    ALL.forEach(each -> byId.put(each.id(), each));
    return byId;
  }
}
