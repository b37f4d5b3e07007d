"""What people write in reply to a picture, one phrase a line."""

#: for the picture, beyond doubt
INSTRUCTIONS = tuple(
    """
watercolor version
make it 16:9
make it 2x bigger
without the hat, seed 42
a dog -ar 3:2
amplíalo por 4
as a watercolour
as a watercolour, strong
as an oil painting
as pixel art
as a knight in armour
in the style of Van Gogh
Van Gogh style
anime style
watercolor
pixel art please
black and white
in black and white
make it night
make it darker
make this a winter scene
make the sky purple
make her hair red
make the dog wear a hat
Make it look like a comic.
now make it snow
turn it into a dragon
turn this into a cartoon, subtle
turn the cat into a tiger
change the background to a beach
change the colour to blue
add a hat
add more trees
add some fog in the background
remove the hat
remove the text
get rid of the background
replace the cat with a dog
give him a red scarf
give it more contrast
put it on a beach
put a crown on her head
paint it blue
draw it as a sketch
blue background
on a blue background
with a hat
with sunglasses and a red scarf
without the tree
without text
at night
at sunset
in the rain
in the snow, strong
under water
but at night
same but in winter
strong
stronger
subtle
more subtle
slightly
0.4
40%
strength 0.7
strength strong
--ar 16:9
--seed 5 --no text
a dog --ar 3:2
a dog, subtle
darker
a bit brighter
more colourful
less saturated please
more contrast
bigger
2x bigger
upscale 2x
upscale
enlarge it
zoom out
brighten it
sharpen the eyes
simplify the background
blur the background
love it! now make it night
nice, as a watercolour please
can you make it darker, please?
please make it night
no text
make it more realistic
make it less blurry
cyberpunk
cinematic lighting
como aquarela
como aquarela, forte
em estilo anime
estilo pixel art
deixe mais escuro
deixa o céu roxo
faça de noite
coloque um chapéu
coloca óculos nele
adicione mais árvores
tire o chapéu
remova o texto
troque o fundo por uma praia
mude a cor para azul
transforme em um dragão
com chapéu
sem texto
na praia
na neve
à noite
fundo azul
mais escuro
mais claro, por favor
menos saturado
mais forte
maior
em preto e branco
agora com óculos de sol
força 0,4
como acuarela
como acuarela, fuerte
al estilo de Van Gogh
estilo cómic
hazlo de noche
hazlo más oscuro
haz el cielo morado
ponle un sombrero
pon un gato en el fondo
añade más árboles
agrega nieve
quita el sombrero
quítale las gafas
cambia el fondo por una playa
cámbialo a azul
conviértelo en un dragón
con sombrero
sin texto
en la playa
de noche
fondo azul
más oscuro
un poco más claro
más fuerte
más grande
en blanco y negro
ahora con gafas de sol
fuerza 40%
as a pencil sketch
as a steampunk robot, very strong
in watercolour
like a watercolour painting, subtle
in autumn
with long blonde hair
without the people
add snow
add a second moon
make it spookier
make it 3d
make them smile
make the eyes green
make the car faster
turn the background into a forest
turn it blue
change her dress to green
change it to night
swap the dog for a cat
remove people
remove all the text, please
erase the tree on the left
give her wings
put a hat on the cat
recolor the car in red
draw it in ink
in pixel art style
studio ghibli style
oil painting
vaporwave
warmer colours
brighter colors please
more detail
more realistic
less contrast
a little bigger
much darker
upscale it 4x
2x larger
with neon lights
at dawn
under the sea
on mars
wearing a crown
with more clouds, subtle
zoom in on the face
flip it horizontally
rotate it 90 degrees
same but at sunset
ok now in black and white
try it in blue
--no hat
--strength 0.3
a knight, strength 0.8
strong, a red car
subtly
50 %
0,5
strength 50 %
make it look older
make everything purple
make him bald
turn off the lights
deixa mais realista
faça o gato sorrir
coloca neve
adiciona um arco-íris
tira o fundo
muda o fundo para uma floresta
pinta de vermelho
deixa ele com chapéu
em aquarela
no estilo de Monet
estilo cyberpunk
sem pessoas
com asas
mais detalhes
menos contraste
mais realista, sutil
durante a noite
no inverno
um pouco mais escuro
maior, por favor
transforma em pintura a óleo
agora sem o chapéu
hazlo más realista
haz que sonría
ponle gafas
añade un arcoíris
agrega más nubes
quita a la gente
cambia el color a verde
convierte el gato en un león
píntalo de rojo
en acuarela
al óleo
estilo Monet
sin gente
con alas
más detalle
en invierno
un poco más grande
ahora sin sombrero
dibújalo como un cómic
que sea de noche
que seja noite
bigger please
make it bigger
make it a dragon
make it into a dragon, a bit
please turn this into a painting
I love it but make it darker
I like it but darker
this is great but add a hat
it looks great but no hat
love it now make it night
love it but can you make it darker please
gostei mas mais escuro
ficou lindo mas tira o chapéu
me encanta pero más oscuro
está genial pero ponle un sombrero
same seed but a dog
same seed but at night
the same seed with a hat
mesma semente mas um cachorro
la misma semilla pero un perro
2x
2x please
""".strip().splitlines()
)

#: praise, thanks, questions, emoji, talk between members
CHAT = tuple(
    """
can you make me a sandwich?
can you share the prompt?
prompt: a dog?
lol the hands
mto bom kkkk
jajaja buenísimo
vc fez isso com ia?
the hat is weird
thanks, I love it!
thanks
thank you so much
thanks a lot
ty
wow
wow nice work Mei
nice
nice one!
great job
so cute
so cute 😍
love it
I love this
this is amazing
awesome, just what I wanted
beautiful colours
the colours are great
cool style
very strong work
looks like a painting!
looks great
lol
haha
LMAO 😂
👍
❤️❤️❤️
🔥
🎨🎨
<:pog:123456789012345678>
is this a lemon?
what is this?
what model did you use?
how did you make it?
how do I make it darker?
which seed?
who made this?
why is it blue?
did you use --ar 16:9?
can I use this as my wallpaper?
does it work in winter?
where is this?
when will it be ready?
is that Ana?
<@42> look at this
<@42> make it night
hey Mei, did you see this?
good night everyone
good morning
see you at night
I was in the snow yesterday
I made one with a hat yesterday
as a kid I loved this
as a fan of cats I approve
as always
as expected
as a joke
in my opinion it is too dark
in love with this
in the end it worked
on point
on fire 🔥
with love
without a doubt
at last!
no way
no cap
no words
no problem
make sense
makes sense
makes my day
make it stop lol
make my day
don't change a thing
never change
keep it up
keep up the good work
I would hang this on my wall
you should add it to the gallery
we should do one with dogs
my dog looks just like that
that hat is hilarious
the sky is purple haha
the background looks weird
too dark for me
it's giving winter
that's a strong one
not bad
meh
ok
yes
no
lunch?
brb
me too
same here
remind me tomorrow
I'll try as a watercolour later
I think it needs a hat
she made it night in hers
obrigado
obrigada, ficou lindo!
valeu
muito obrigado
amei
adorei
que lindo
ficou muito bom
ficou ótimo demais
kkkkk
nossa, que incrível
isso é um limão?
como você fez isso?
qual modelo?
quem fez?
por que ficou azul?
bom dia
boa noite
com certeza
sem dúvida
em geral gosto mais do outro
na minha opinião ficou escuro
faz sentido
deixa pra lá
meu cachorro é igual
parabéns
top demais
tá lindo
eu queria um desses
gracias
muchas gracias
gracias, me encanta
qué bonito
está genial
me gusta mucho
jajaja
quedó muy bien
¿es un limón?
¿cómo lo hiciste?
¿qué modelo usaste?
quién lo hizo
buenas noches
buenos días
con mucho gusto
sin duda
en mi opinión está oscuro
como siempre
tiene sentido
no cambies nada
mi perro es igual
felicidades
vaya
el cielo está morado
yo quiero uno
pinta muy bien
thank you Mei
thanks! that was quick
so good
amazing work
what a beautiful picture
incredible detail
love the lighting
love the colours on this one
the lighting is insane
10/10
A+
1000%
100%
that's exactly it
haha that face
omg the eyes
why does it have six fingers
is it ai?
can someone explain how this works?
anyone know the prompt?
what's the seed?
how long did it take?
which style is this
did you add the hat?
should I make it darker?
do you like it in blue?
shall we go with this one?
you made it too dark
I prefer the first one
I like the second one more
mine was darker
in my country we have those
as someone who paints, this is great
as far as I know it's free
with all due respect that's ugly
with friends like these
in case you missed it
on my way
on it!
at work, will look later
for real
big if true
like a boss
like it!
like
nice hat
nice background
cool colours
dark humor
strong vibes
pretty strong
too strong
not subtle at all
hot
cursed
blursed
my cat at night
me at night
me on monday
mood
this one
that one
second one
the second
first!
second that
+1
^
😂😂 same
Mei you're an artist
good one, Ana
gg wp
happy birthday!
merry christmas everyone
see you in the morning
let me see
let's go
let's play tonight
keep going
give me a sec
give it time
make sure to vote
turn on your mic
change is good
add me on steam
remove this from the channel please
delete this
put it in the gallery
use spoilers please
check the pinned message
read the rules
come to voice
stop
wait
hold on
who's up for lunch
vou dormir
que massa
ficou parecendo um quadro
quem é essa?
tá muito escuro
com todo respeito, ficou feio
no fim deu certo
na boa, ficou ótimo
em casa eu vejo
como assim
mais ou menos
mais um
gostei mais da primeira
muda nada não
coloca no grupo
obrigado pela ajuda
boa ideia
kkkk eu de noite
de nada
por nada
que chulo
me encanta el color
quién es
está muy oscuro
en serio
en casa lo veo
más o menos
como quieras
con razón
al final quedó bien
sin comentarios
por supuesto
ponlo en la galería
haz lo que quieras
cambia de canal
nos vemos en la noche
qué risa jaja
dale
vale
ya
qué noche
buenísimo
está padrísimo
I love it but I'm tired
I love it but not the colours
I love it but make it stop
I love it and make it my wallpaper
love you but make it snappy
great but the hat is weird
nice but make sense
cool but add me on discord
good work but as a joke
so cute but scary
beautiful but too dark
she said make it darker but no
it's perfect now
gostei mas estou com sono
amei mas não faz sentido
me gusta pero tengo sueño
está bien pero no tiene sentido
2x the fun
2x better
twice the fun
I need 2x espresso
same seed as mine lol
same seed?
same seed but a different model
I used the same seed but a dog
misma semilla que la mía
u 2 look great
love u 2
nice, a dog
hey Mei, can you make it darker?
the second one is the best
add it to the list
turn up the volume
at the beach rn
in tears
in a meeting
mais um dia
até amanhã
com fome
tira isso daqui
que foda
hasta mañana
con hambre
quita eso de ahí
hazme un favor
""".strip().splitlines()
)

#: may be either
BETWEEN = tuple(
    """
a dog
blue
a house in the mountains
what if it was night?
how about a red hat?
can you make it night?
I want it darker
a castle
make another one
less of that
more
darker?
maybe at night
make it funny lol
um cachorro
un perro
quero mais escuro
¿puedes ponerle un sombrero?
la segunda es mejor
lol make it make sense
make more of these
more like a potato
move it to #off-topic
try again
again
one more
faz de novo
otra vez
16:9
can you make the hands better?
dá pra deixar mais realista?
e se fosse de noite?
love it, can you make it darker?
x2
16x9
""".strip().splitlines()
)
