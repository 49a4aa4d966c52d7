import pytest
from tests.guards import test_access_matrix as m
from tests.guards.world import World, PARAMETER
@pytest.mark.django_db
def test_mine(monkeypatch):
    world = World()
    out=[]
    for route, tried in m.routes():
        if not any(w in route for w in ("events/","t.js","batch","v1/track","v1/alias","v1/identify")) : continue
        path = world.path(route)
        for method in tried:
            st=[m.ask(world.client(who), method, path).status_code for who in m.PEOPLE]
            out.append((method, route, st)); assert max(st)<500
        if PARAMETER.search(route):
            ans={x:m.ask(world.client("foreign"),x,path).status_code for x in tried}
            assert 404 in ans.values() and set(ans.values())<={404,405},(route,ans)
            for n in (0,2**63,10**30):
                if "<int:" in route:
                    p="/"+PARAMETER.sub(str(n),route)
                    for x in tried:
                        c=m.ask(world.client("admin"),x,p).status_code
                        assert c in (404,405),(p,x,c)
    for o in out: print(o)
