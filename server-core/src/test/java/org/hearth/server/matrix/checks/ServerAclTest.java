package org.hearth.server.matrix.checks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Which servers a room lets take part.
final class ServerAclTest {
  record Case(String content, String server, boolean allowed) {}

  private static final String ALL_BUT_EVIL = "{'allow':['*'],'deny':['evil.com','*.evil.com']}";
  private static final String NO_LITERALS = "{'allow':['*'],'allow_ip_literals':false}";

  static List<Case> cases() {
    return List.of(
        new Case(ALL_BUT_EVIL, "good.com", true),
        new Case(ALL_BUT_EVIL, "evil.com", false),
        // Row 20 of the hostile list: neither case nor port makes another server of it.
        new Case(ALL_BUT_EVIL, "EVIL.com:8448", false),
        new Case(ALL_BUT_EVIL, "evil.com:1234", false),
        new Case("{'allow':['*'],'deny':['EVIL.com']}", "evil.com", false),
        new Case(ALL_BUT_EVIL, "a.evil.com", false),
        new Case(ALL_BUT_EVIL, "a.b.evil.com:1", false),
        new Case(ALL_BUT_EVIL, "notevil.com", true),
        new Case(ALL_BUT_EVIL, "evil.com.org", true),
        new Case("{'allow':['*'],'deny':['evil.com:8448']}", "evil.com:8448", true),
        new Case("{'allow':['*.good.com']}", "a.good.com", true),
        new Case("{'allow':['*.good.com']}", "good.com", false),
        new Case("{'allow':['g??d.com']}", "good.com", true),
        new Case("{'allow':['g??d.com']}", "god.com", false),
        new Case("{'allow':['g*d*m']}", "good.com", true),
        new Case("{'allow':['g*d*n']}", "good.com", false),
        new Case("{'allow':['*od*','bad']}", "good.com", true),
        new Case("{'allow':['go.d.com']}", "good.com", false),
        new Case("{'allow':['a','b','c']}", "b", true),
        new Case("{'allow':['a','b','c']}", "ab", false),
        new Case("{'allow':['a*','*b']}", "b", true),
        new Case("{'allow':['','a']}", "a", true),
        new Case("{'allow':['','a']}", "b", false),
        new Case("{'allow':['good.com'],'deny':['good.com']}", "good.com", false),
        new Case("{}", "good.com", false),
        new Case("{'allow':[]}", "good.com", false),
        new Case("{'allow':'*'}", "good.com", false),
        new Case("{'allow':{'*':'*'}}", "good.com", false),
        new Case("{'allow':[5,null,['*'],{},'*']}", "good.com", true),
        new Case("{'allow':['*'],'deny':5}", "good.com", true),
        new Case("{'allow':['*'],'deny':['gööd.com']}", "good.com", true),
        new Case(NO_LITERALS, "good.com", true),
        new Case(NO_LITERALS, "1.2.3.4", false),
        new Case(NO_LITERALS, "1.2.3.4:8448", false),
        new Case(NO_LITERALS, "[::1]", false),
        new Case(NO_LITERALS, "[::1]:8448", false),
        new Case(NO_LITERALS, "1.2.3.com", true),
        new Case("{'allow':['*'],'allow_ip_literals':'no'}", "1.2.3.4", true),
        new Case("{'allow':['*']}", "[::1]:8448", true),
        new Case("{'allow':['*'],'deny':['[::1]']}", "[::1]:8448", false),
        new Case("{'allow':['*'],'deny':['1.2.3.*']}", "1.2.3.4:1", false));
  }

  private static ServerAcl acl(ObjectNode content) {
    return ServerAcl.of(content);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void letsInWhomTheRoomAllowsAndDoesNotDeny(Case each) {
    assertThat(
            acl(RoomFixture.json(each.content().replace('\'', '"')))
                .allows(ServerName.parse(each.server())))
        .isEqualTo(each.allowed());
  }

  /// Row 87 of the hostile list: an event full of patterns that fit everywhere is asked ten
  /// thousand times. What is to be done is counted in words of 64 states, so that this ends.
  @Test
  void patternsThatProvokeAllThatTheyCanAreComparedInLinearTime() {
    ObjectNode content = RoomFixture.json("{}");
    List<String> patterns = new ArrayList<>(Collections.nCopies(5_000, "*?*?*?*"));
    patterns.add("*a*a*a*a*a*a*a*a*a*a*a*b");
    patterns.add("?".repeat(60_000));
    patterns.forEach(content.putArray("deny")::add);
    content.putArray("allow").add("*");
    ServerAcl acl = acl(content);

    for (int i = 0; i < 10_000; i++) {
      assertThat(acl.allows(ServerName.parse("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + i))).isFalse();
    }
    assertThat(acl.allows(ServerName.parse("ab"))).isTrue();
    // What no name is long enough for is not kept.
    assertThat(acl.bytes()).isLessThan(30_000);
  }
}
